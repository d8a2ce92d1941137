"""The interface of the document store that the protocol needs; see `daybook.engine.mongo.store`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from daybook.engine.documents.change import Change, Document
from daybook.engine.documents.rows import Row
from daybook.engine.documents.state import State, StateModel
from daybook.engine.partition import Partition


class Store(Protocol):
    """Every method is idempotent, and raises Unavailable if its outcome is unknown."""

    def apply(self, changes: Collection[Change], partition: Partition) -> list[Document]:
        """Adds each change to its document atomically, or refuses it.

        A change is refused if its `first` is not above the document's watermark for the
        partition. Returns the documents whose change was refused.
        """

    def watermarks(
        self, documents: Collection[Document], partition: Partition
    ) -> dict[Document, int]:
        """The last offset that each document has durably applied; absent documents are left out."""

    def put(self, rows: Collection[Row], partition: Partition) -> None:
        """Replaces each stored row whose watermark is below the new row's `last`."""

    def load(self, model: StateModel, keys: Collection[str]) -> dict[str, State]:
        """The durable states of these keys, by key; a key without state is left out."""

    def create(self, model: StateModel, homes: Mapping[str, Mapping[str, Any]]) -> None:
        """Creates an empty state with the given home for each key that has no state yet."""

    def amend(
        self, model: StateModel, fields: Mapping[str, tuple[State, Mapping[str, Any]]]
    ) -> None:
        """Sets fields of stored states, and of the states in memory, by key.

        For fields that must be durable before anything is computed from them. Raises Refused if
        any stored state has changed since it was read: then load the states again.
        """

    def fetch(self, collection: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """The durable documents with these `_id`s, by `_id`; absent ones are left out."""

    def swap(self, collection: str, documents: Sequence[dict[str, Any]]) -> list[str]:
        """Stores each document whole, unless the stored one has another revision than was read.

        Returns the `_id`s of the documents that were not stored: fetch them again.
        """

    def replace(self, model: StateModel, states: Sequence[tuple["Read", State]]) -> bool:
        """Replaces each state that has not changed since it was read; false if any has."""


class Read:
    """A state's version when it was read: its `revision`, which every write raises, and `applied`,
    its watermarks by topic id and partition."""

    __slots__ = ("applied", "id", "revision")

    def __init__(self, state: State) -> None:
        stored = state["_daybook"]
        self.id: str = state["_id"]
        self.revision: int = stored["revision"]
        self.applied = {topic_id: dict(marks) for topic_id, marks in stored["applied"].items()}
