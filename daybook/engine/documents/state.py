"""The state document of a key: what a group remembers from one event of the key to the next."""

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
    """The model of a group's states; `new` gives a key's fields before its first event.

    `since` maps fields that were added later to the version that added them: older states lack
    them until they are rebuilt. `changed` maps fields to the version that gave them other contents:
    older states have the older ones until then. `key_of` computes the state's key from an event and
    its message key; events with different message keys must get different state keys. `id_of`
    computes the document's `_id` from the state's key. `rows` are the models of rows that are
    written beside the states, with indexes of their own.
    """

    collection: str
    new: Callable[[str], dict[str, Any]]
    key_of: Callable[[Event, str], str] = _message_key
    id_of: Callable[[str], str] = encode_part
    since: Mapping[str, int] = field(default_factory=dict, hash=False)
    changed: Mapping[str, int] = field(default_factory=dict, hash=False)
    rows: tuple[RowModel, ...] = ()

    @property
    def version(self) -> int:
        """The newest version in `since` and `changed`."""
        return max([1, *self.since.values(), *self.changed.values()])
