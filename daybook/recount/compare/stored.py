"""Reads stored state documents from a file of BSON, without decoding what nobody looks at."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from daybook.recount.log import pins
from daybook.recount.recounted import Document, Marks, marks

_BOOKKEEPING = "_daybook"


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


def read(path: Path) -> Iterator[tuple[str, RawBSONDocument]]:
    """The states by `_id`; those whose `_id` is no string are not Daybook's."""
    with path.open("rb") as file:
        while size := file.read(4):
            document = RawBSONDocument(size + file.read(int.from_bytes(size, "little") - 4))
            if isinstance(document["_id"], str):
                yield document["_id"], document


def decoded(document: RawBSONDocument) -> Document:
    return bson.decode(document.raw, _DECODED)


def bookkeeping(document: RawBSONDocument) -> Document:
    """The state's own record of what it has counted, alone."""
    own = document.get(_BOOKKEEPING)
    return {_BOOKKEEPING: decoded(own)} if isinstance(own, RawBSONDocument) else {}


def search(search: Search) -> Found:
    """Finds the states that are ahead, and the pins."""
    found = Found([], [])
    for name, document in read(search.path):
        applied = marks(bookkeeping(document), "applied")
        # Not all: `limit` would pass over millions that are not ahead.
        if any(last > search.reach.get(position, -1) for position, last in applied.items()):
            found.ahead.append((name, applied))
        if search.topic_id:
            found.pins.extend(pins.rows(_with_pins(name, document), search.topic_id))
    return found


def _with_pins(name: str, document: RawBSONDocument) -> Mapping[str, Any]:
    parts = {part: document.get(part) for part in ("pins", "definitions")}
    held = {n: decoded(v) for n, v in parts.items() if isinstance(v, RawBSONDocument)}
    return {"_id": name} | held
