"""Encodes names as parts of an `_id` and as keys of a map."""

import hashlib
import re
from functools import lru_cache

OTHER, UNATTRIBUTED, DIRECT, EXIT = "other", "unattributed", "direct", "exit"
UNKNOWN = "unknown"
_LONGEST = 200
_KEPT = 150


_UUID = re.compile(r"[\dA-F]{8}(-[\dA-F]{4}){3}-[\dA-F]{12}", re.ASCII | re.IGNORECASE)


def event_key(event_id: str) -> str:
    """Equal for equal ids: a UUID in either case, any other text as it is."""
    return event_id.lower() if _UUID.fullmatch(event_id) else event_id


def part(name: str) -> str:
    """A part of an `_id`: `% : . $` and NUL as a percent sign and two hex digits."""
    return "".join(f"%{ord(c):02X}" if c in "%:.$\0" else c for c in name)


@lru_cache(maxsize=10_000)
def key(name: str) -> str:
    """A key of a map: encoded like a part, never a reserved word, and at most 200 bytes."""
    encoded = part(name)
    if encoded in (OTHER, UNATTRIBUTED, DIRECT, EXIT):
        return f"%{ord(encoded[0]):02X}{encoded[1:]}"
    octets = encoded.encode()
    if len(octets) > _LONGEST:
        digest = hashlib.sha256(octets).hexdigest()
        return f"{octets[:_KEPT].decode(errors='ignore')}~{digest[:16]}"
    return encoded


def split_key(field: str, name: str | None) -> str:
    """A key of a map by context: a key of its own without a name, which no name takes."""
    if not name:
        return DIRECT if field == "sources" else UNKNOWN
    return "%75nknown" if name == UNKNOWN else key(name)


def document_id(*names: str) -> str:
    """The `_id` of a document, from the parts of its key."""
    return ":".join(part(name) for name in names)
