"""Writes a picture of few colours as a small PNG (ISO/IEC 15948)."""

import struct
import zlib
from pathlib import Path


def write(path: Path, width: int, palette: bytes, pixels: bytes) -> None:
    """`palette`: red, green and blue of each colour, 256 at most; `pixels`: a colour's number
    each, row by row."""
    rows = [pixels[at : at + width] for at in range(0, len(pixels), width)]
    header = struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    parts = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts))


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
