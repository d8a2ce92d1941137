"""Keeps a copy of a collection's state documents on disk, since there may be millions."""

from collections.abc import Callable, Iterator
from tempfile import TemporaryFile
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection

from daybook.recount.errors import translated_mongodb_errors

_REPORTED_EVERY = 10_000


class Spool:
    """All documents of a collection, read once; iterates in the order of their ids."""

    def __init__(
        self, collection: Collection[dict[str, Any]], report: Callable[[str, int, int], None]
    ) -> None:
        """`report`: as `daybook.recount.session.Progress`. Raises Unreachable."""
        self._file = TemporaryFile(prefix="daybook-states-")  # noqa: SIM115
        raw = collection.with_options(CodecOptions(RawBSONDocument))
        self.count = 0
        with translated_mongodb_errors():
            total = collection.estimated_document_count()
            for document in raw.find().sort("_id"):
                self._file.write(document.raw)
                self.count += 1
                if self.count % _REPORTED_EVERY == 0:
                    report("reading states", self.count, total)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._file.seek(0)
        yield from bson.decode_file_iter(self._file, CodecOptions(_LiteralDict, tz_aware=True))


class _LiteralDict(dict[str, Any]):
    """Hides `$ref` from the decoder, which would make a reference of an object of a client's.

    It looks the field up by subscript; everything else sees it.
    """

    def __getitem__(self, name: str) -> Any:
        if name == "$ref":
            raise KeyError(name)
        return super().__getitem__(name)
