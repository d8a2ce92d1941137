"""What the protocol needs of a store of documents; MongoDB's is `daybook.engine.mongo.client`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from daybook.engine.documents.change import Change, Document
from daybook.engine.documents.rows import Row
from daybook.engine.documents.state import State, StateModel
from daybook.engine.partition import Partition


class Store(Protocol):
    """Every method raises Unavailable when the outcome is unknown; calling again is harmless."""

    def apply(self, changes: Collection[Change], partition: Partition) -> list[Document]:
        """Adds each change to its document, whole and at once, or refuses it.

        Refused is a change whose `first` is not above the document's watermark of the
        partition. Returns the documents that refused.
        """

    def watermarks(
        self, documents: Collection[Document], partition: Partition
    ) -> dict[Document, int]:
        """The last offset that each has applied durably; documents that are absent are left out."""

    def put(self, rows: Collection[Row], partition: Partition) -> None:
        """Replaces each row whose watermark is below the row's `last`; leaves the others."""

    def load(self, model: StateModel, keys: Collection[str]) -> dict[str, State]:
        """The durable states of these keys, by key; a key without state is left out."""

    def create(self, model: StateModel, homes: Mapping[str, Mapping[str, Any]]) -> None:
        """Makes a state with nothing but a home for each key that has none; leaves the others."""

    def amend(
        self, model: StateModel, fields: Mapping[str, tuple[State, Mapping[str, Any]]]
    ) -> None:
        """Sets fields of the states that stand as they were read, in what was read as well.

        For what must be fixed before anything is worked out from it. Raises Refused if any state
        stands otherwise by now: then load them again.
        """

    def fetch(self, collection: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The durable documents, by `_id`; one that is absent is left out."""

    def swap(self, collection: str, documents: Sequence[dict[str, Any]]) -> list[str]:
        """Stores each document whole, unless one is there of another revision than it was read at.

        Returns the `_id`s of those that were not stored: fetch them again.
        """

    def replace(self, model: StateModel, states: Sequence[tuple["Read", State]]) -> bool:
        """Replaces each state that stands exactly as it was read; false if any did not."""


class Read:
    """What of a state was read: every writer raises `revision`, and `applied` says how far."""

    __slots__ = ("applied", "id", "revision")

    def __init__(self, state: State) -> None:
        mark = state["_daybook"]
        self.id: str = state["_id"]
        self.revision: int = mark["revision"]
        self.applied = {topic_id: dict(marks) for topic_id, marks in mark["applied"].items()}

    def same(self, state: State) -> bool:
        """Whether the state stands as it was read."""
        mark = state["_daybook"]
        return bool((mark["revision"], mark["applied"]) == (self.revision, self.applied))
