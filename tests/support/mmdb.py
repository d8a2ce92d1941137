"""Writes a small MaxMind database of countries for a test.

The format is MaxMind DB 2.0: a binary tree of address bits, 16 zero bytes, a data section, and
metadata after a marker. Records have 24 bits; a leaf is the number of nodes, plus 16, plus the
offset of its data.
"""

from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path

_MARKER = b"\xab\xcd\xefMaxMind.com"


def write_database(path: Path, countries: Mapping[str, str]) -> None:
    """`countries` gives the ISO code of each IPv4 network, such as 198.51.100.0/24."""
    data = b""
    tree: list[list[int | str | None]] = [[None, None]]
    offsets: dict[str, int] = {}
    for text, code in countries.items():
        if code not in offsets:
            offsets[code] = len(data)
            data += _map({"country": _map({"iso_code": _text(code)})})
        network = IPv4Network(text)
        bits = f"{int(network.network_address):032b}"[: network.prefixlen]
        node = 0
        for bit in bits[:-1]:
            below = tree[node][int(bit)]
            if not isinstance(below, int):
                tree.append([None, None])
                below = tree[node][int(bit)] = len(tree) - 1
            node = below
        tree[node][int(bits[-1])] = code
    count = len(tree)

    def record(value: int | str | None) -> bytes:
        if isinstance(value, str):
            value = count + 16 + offsets[value]
        return (count if value is None else value).to_bytes(3, "big")

    metadata = {
        "node_count": _number(count, 6),
        "record_size": _number(24, 5),
        "ip_version": _number(4, 5),
        "database_type": _text("Test-Country"),
        "languages": bytes([0, 11 - 7]),
        "binary_format_major_version": _number(2, 5),
        "binary_format_minor_version": _number(0, 5),
        "build_epoch": bytes([1, 9 - 7, 1]),
        "description": _map({}),
    }
    nodes = b"".join(record(side) for node in tree for side in node)
    path.write_bytes(nodes + bytes(16) + data + _MARKER + _map(metadata))


def _text(value: str) -> bytes:
    raw = value.encode()
    if len(raw) < 29:
        return bytes([2 << 5 | len(raw)]) + raw
    return bytes([2 << 5 | 29, len(raw) - 29]) + raw


def _number(value: int, kind: int) -> bytes:
    raw = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([kind << 5 | len(raw)]) + raw


def _map(entries: Mapping[str, bytes]) -> bytes:
    body = b"".join(_text(name) + value for name, value in entries.items())
    return bytes([7 << 5 | len(entries)]) + body
