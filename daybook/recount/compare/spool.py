"""Keeps a copy of a collection's state documents on disk, since there may be millions."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymongo.collection import Collection

from daybook.recount.compare.parts import part_of
from daybook.recount.compare.stored import name_of
from daybook.recount.errors import translated_mongodb_errors


class Spool:
    """All documents of a collection, read once: a file for each part of them, in the order of
    their ids."""

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        parts: int,
        report: Callable[[str, int, int], None],
    ) -> None:
        """`report`: as `daybook.recount.session.Progress`. Raises Unreachable."""
        self._directory = TemporaryDirectory(prefix="daybook-states-")
        folder = Path(self._directory.name)
        self.paths = [folder / f"{part}.bson" for part in range(parts)]
        self.count = 0
        with ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in self.paths]
            with translated_mongodb_errors():
                total = collection.estimated_document_count()
                # Documents as bytes, since a Python object for each takes longer than all the rest.
                batches: Any = collection.find_raw_batches({}, sort=[("_id", 1)])
                for batch in batches:
                    for document in _documents(batch):
                        files[part_of(name_of(document), parts)].write(document)
                        self.count += 1
                    report("reading states", self.count, total)

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.cleanup()


def _documents(batch: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(batch):
        end = at + int.from_bytes(batch[at : at + 4], "little")
        yield batch[at:end]
        at = end
