"""The report of a recount: differences, doubts and counts."""

from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any

from daybook.recount.compare.documents import ABSENT

EQUAL, DIFFERENT, UNRECOUNTABLE = 0, 1, 3


def json_value(value: Any) -> Any:
    """A stored value in JSON: dates in ISO 8601, bytes in hexadecimal, other types as text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float() if isfinite(value):
            return value
        case dict():
            return {name: json_value(inner) for name, inner in value.items()}
        case list():
            return [json_value(inner) for inner in value]
        case datetime():
            return value.isoformat()
        case bytes():
            return value.hex()
        case _:
            return str(value)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs from what the log says; `stored` and `recounted` may be ABSENT."""

    collection: str
    document: str
    field: str
    stored: Any
    recounted: Any

    def as_json(self) -> dict[str, Any]:
        """Absent values are left out."""
        values = {"stored": self.stored, "recounted": self.recounted}
        return {
            "collection": self.collection,
            "document": self.document,
            "field": self.field,
            **{name: json_value(value) for name, value in values.items() if value is not ABSENT},
        }


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that cannot be recounted, and why: the group, a document, or a field of it."""

    reason: str
    collection: str | None = None
    document: str | None = None
    field: str | None = None

    def as_json(self) -> dict[str, str]:
        values = {
            "collection": self.collection,
            "document": self.document,
            "field": self.field,
            "reason": self.reason,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(slots=True)
class Report:
    """The result of `verify`.

    `documents`, `states` and `sketches` are the numbers of those compared, `*_equal` of those that
    are equal. `gaps`: the accepted gaps, as text. `excluded`: the messages that an operator
    excluded, which the recount leaves out. `messages`: how many events were read.
    """

    group: str
    differences: list[Difference] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    documents: int = 0
    states: int = 0
    sketches: int = 0
    documents_equal: int = 0
    states_equal: int = 0
    sketches_equal: int = 0
    messages: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        """0 equal, 1 a difference, 3 cannot be recounted."""
        if self.differences:
            return DIFFERENT
        return UNRECOUNTABLE if self.doubts else EQUAL

    def as_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "exit_code": self.exit_code,
            "documents": self.documents,
            "documents_equal": self.documents_equal,
            "states": self.states,
            "states_equal": self.states_equal,
            "sketches": self.sketches,
            "sketches_equal": self.sketches_equal,
            "messages": self.messages,
            "seconds": round(self.seconds, 3),
            "differences": [difference.as_json() for difference in self.differences],
            "cannot_be_recounted": [doubt.as_json() for doubt in self.doubts],
            "gaps": self.gaps,
            "excluded": self.excluded,
        }
