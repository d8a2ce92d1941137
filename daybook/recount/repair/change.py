"""What a rebuild did to a document."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Change:
    """`fields`: those that differed; empty if only the model version did."""

    collection: str
    document: str
    what: Literal["repaired", "inserted", "deleted"]
    fields: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "collection": self.collection,
            "document": self.document,
            "what": self.what,
            "fields": list(self.fields),
        }
