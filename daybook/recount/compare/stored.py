"""Reads stored state documents from a file of BSON, without decoding what nobody looks at."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from daybook.recount.log import pins
from daybook.recount.recounted import Document, Marks, marks

BOOKKEEPING = "_daybook"
_STRING_ID = b"\x02_id\0"
_ID_AT = 4 + len(_STRING_ID) + 4


class _LiteralDict(dict[str, Any]):
    """Hides `$ref` from the decoder, which would make a reference of an object of a client's.

    It looks the field up by subscript; everything else sees it.
    """

    def __getitem__(self, name: str) -> Any:
        if name == "$ref":
            raise KeyError(name)
        return super().__getitem__(name)


_DECODED = CodecOptions(_LiteralDict, tz_aware=True)


class Search(NamedTuple):
    """What to look for in a file of states. `topic_id`: that of the pins, empty for none."""

    path: Path
    reach: Marks
    topic_id: str


class Found(NamedTuple):
    """The states that have counted further than `reach`, with their watermarks; and the pins."""

    ahead: list[tuple[str, Marks]]
    pins: list[pins.Row]


def name_of(document: bytes) -> bytes:
    """The `_id` of a document, empty if it is no string."""
    if not document.startswith(_STRING_ID, 4):
        return b""
    return document[_ID_AT : _ID_AT + int.from_bytes(document[_ID_AT - 4 : _ID_AT], "little") - 1]


def read(path: Path) -> Iterator[tuple[str, bytes]]:
    """The states by `_id`; those whose `_id` is no string are not Daybook's."""
    with path.open("rb") as file:
        while size := file.read(4):
            document = size + file.read(int.from_bytes(size, "little") - 4)
            if document.startswith(_STRING_ID, 4):
                yield name_of(document).decode(), document


def decoded(document: bytes) -> Document:
    return bson.decode(document, _DECODED)


def part(document: bytes, name: str) -> Document:
    """The field of this name, alone, if it is a document. Every state has it, so a place where the
    bytes say so is the field, unless there are several: then a client's text may be one of them."""
    header = b"\x03" + name.encode() + b"\0"
    at = document.find(header)
    if at < 0:
        return {}
    if document.find(header, at + 1) >= 0:
        found = RawBSONDocument(document).get(name)
        return {name: bson.decode(found.raw)} if isinstance(found, RawBSONDocument) else {}
    first = at + len(header)
    size = int.from_bytes(document[first : first + 4], "little")
    return {name: bson.decode(document[first : first + size])}


def search(search: Search) -> Found:
    """Finds the states that are ahead, and the pins."""
    found = Found([], [])
    for name, document in read(search.path):
        applied = marks(part(document, BOOKKEEPING), "applied")
        # Not all: `limit` would pass over millions that are not ahead.
        if any(last > search.reach.get(position, -1) for position, last in applied.items()):
            found.ahead.append((name, applied))
        if search.topic_id:
            found.pins.extend(pins.rows(_with_pins(name, document), search.topic_id))
    return found


def _with_pins(name: str, document: bytes) -> Mapping[str, Any]:
    pinned = part(document, "pins")
    definitions = part(document, "definitions") if any(pinned.values()) else {}
    return {"_id": name} | pinned | definitions
