"""Compares a state's bytes with those that its expected fields are encoded to."""

from collections.abc import Sequence

import bson
from bson.errors import InvalidBSON, InvalidDocument
from bson.raw_bson import RawBSONDocument

from daybook.recount.compare.documents import OWN_FIELDS
from daybook.recount.compare.stored import name_of
from daybook.recount.recounted import Document

_ID = "_id"
_EMPTY = bson.encode({})


class Layout:
    """The order of a state's fields, which is that of the state before, nearly always.

    Bookkeeping is in one place: its fields have others `before` and `after` them.
    """

    def __init__(self) -> None:
        self._before: Sequence[str] = ()
        self._after: Sequence[str] = ()

    def own_fields(self, document: bytes, expected: Document) -> Document | None:
        """The state's bookkeeping, if all other fields are encoded like the expected ones."""
        own = self._own_fields(document, expected)
        if own is None and self._learn(document):
            own = self._own_fields(document, expected)
        return own

    def _own_fields(self, document: bytes, expected: Document) -> Document | None:
        if len(self._before) + len(self._after) != len(expected):
            return None
        name = {_ID: name_of(document).decode()}
        try:
            before = bson.encode(name | {field: expected[field] for field in self._before})
            after = _EMPTY
            if self._after:
                after = bson.encode({field: expected[field] for field in self._after})
        except (KeyError, InvalidDocument, OverflowError):
            # The log's JSON can have what no stored document can.
            return None
        first, last = len(before) - 1, len(document) - len(after) + 4
        if last < first or document[4:first] != before[4:-1] or document[last:] != after[4:]:
            return None
        own = document[first:last]
        try:
            found = bson.decode((len(own) + 5).to_bytes(4, "little") + own + b"\0")
        except InvalidBSON:
            return None
        return found if found.keys() <= OWN_FIELDS else None

    def _learn(self, document: bytes) -> bool:
        """Takes over the order of this state's fields. Returns whether it is another one."""
        known = self._before, self._after
        names = list(RawBSONDocument(document))[1:]
        places = [place for place, name in enumerate(names) if name in OWN_FIELDS]
        first, end = (places[0], places[-1] + 1) if places else (len(names), len(names))
        self._before, self._after = names[:first], names[end:]
        return known != (self._before, self._after)
