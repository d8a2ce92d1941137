"""Encodes arbitrary names as parts of an `_id` and as keys of a map."""

import hashlib
from functools import lru_cache

RESERVED = frozenset({"other", "unattributed", "direct", "exit"})
KEY_BYTES_MAX = 200
KEY_BYTES_KEPT = 150

_ENCODED = str.maketrans({c: f"%{ord(c):02X}" for c in "%:.$\0"})


def encode_part(text: str) -> str:
    """A part of an `_id`: the text with `% : . $` and NUL percent-encoded."""
    return text.translate(_ENCODED)


@lru_cache(maxsize=65_536)
def encode_key(text: str, reserved: frozenset[str] = RESERVED) -> str:
    """A key of a map: encoded like a part of an `_id`, never a reserved word, at most 200 bytes.

    A longer text becomes its first 150 bytes, `~` and 16 hex digits of its SHA-256. The empty text
    becomes `%`, which no other text does, because MongoDB allows no empty name in a path.
    """
    key = encode_part(text) or "%"
    if key in reserved:
        return f"%{ord(key[0]):02X}{key[1:]}"
    raw = key.encode()
    if len(raw) <= KEY_BYTES_MAX:
        return key
    head = raw[:KEY_BYTES_KEPT].decode(errors="ignore")
    return f"{head}~{hashlib.sha256(raw).hexdigest()[:16]}"
