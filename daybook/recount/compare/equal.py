"""Finds the states that are as the log says, which are nearly all: the others are looked at again.

It decides by the bytes where it can. They are equal only if every value and type is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from daybook.recount.compare import rows, states, stored
from daybook.recount.compare.coverage import Coverage
from daybook.recount.compare.layout import Layout
from daybook.recount.recounted import Document, marks
from daybook.recount.replay.model import Model


@dataclass(frozen=True, slots=True)
class Part:
    """The states of some keys, stored and expected, in files.

    `version`: the model version that the group's documents are complete for; `version_min`: the
    lowest that leaves nothing to be said about an equal state.
    """

    model: Model
    version: int
    version_min: int
    coverage: Coverage
    build: rows.DocumentBuilder
    stored: Path
    expected: tuple[Path, ...]

    def pairs(self) -> Iterator[tuple[str, bytes | None, Document | None]]:
        """Each state's `_id`, what is stored, and what the log says."""
        return states.paired(stored.read(self.stored), rows.read(self.expected, self.build))


def others(part: Part) -> tuple[int, set[str]]:
    """The number of states that are equal and beyond doubt, and the `_id`s of the others."""
    equal, names = 0, set()
    layout = Layout()
    for name, document, expected in part.pairs():
        if document is not None and expected and _is_beyond_doubt(part, document, expected, layout):
            equal += 1
        else:
            names.add(name)
    return equal, names


def _is_beyond_doubt(part: Part, document: bytes, expected: Document, layout: Layout) -> bool:
    own = layout.own_fields(document, states.stored_form(expected))
    is_equal = own is not None
    if own is None:
        own = stored.decoded(document)
    if states.version(own, part.version) < part.version_min:
        return False
    if part.coverage.document_doubt(marks(own, "applied"), {}):
        return False
    return is_equal or not states.unequal_fields(part.model, own, expected)
