"""The state document of a key: what a group remembers between two events."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.rows import RowModel

State = MutableMapping[str, Any]
"""A state document as it is stored; a group's `react` changes its own fields in place."""


def _message_key(event: Event, key: str) -> str:
    return key


@dataclass(frozen=True, slots=True)
class StateModel:
    """The one state document of a key; `new` gives a key's fields before its first event.

    `since` names the fields that came later, with the version that brought each: states from
    before lack them until they are rebuilt.
    `key_of` makes the key from an event and its message's key, which it must tell apart at least
    as finely as a partition does; `id_of` makes the document's `_id` from the key.
    `rows` are what of a state is told in rows that have indexes of their own.
    """

    collection: str
    new: Callable[[str], dict[str, Any]]
    key_of: Callable[[Event, str], str] = _message_key
    id_of: Callable[[str], str] = encode_part
    since: Mapping[str, int] = field(default_factory=dict, hash=False)
    rows: tuple[RowModel, ...] = ()

    @property
    def version(self) -> int:
        """The newest that a field says."""
        return max(self.since.values(), default=1)
