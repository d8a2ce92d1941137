"""A consumer group as data: what it reads, what it owns, and its pure rule from event to change."""

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from engine.change import Effect, Row
from engine.document import DailyDocument, Event
from engine.rules import Rules
from engine.slots import Slot

if TYPE_CHECKING:
    from engine.batch import Batch
    from engine.store import Store

State = MutableMapping[str, Any]
"""A state document as it is stored; a group's `react` changes its own fields in place."""

React = Callable[[Event, Slot, State, Rules], Iterable[Effect | Row]]


@dataclass(frozen=True, slots=True)
class Source:
    """A topic, how its messages are read, and the key that each must have."""

    topic: str
    events: TypeAdapter[Any]
    key_of: Callable[[Event], str]


@dataclass(frozen=True, slots=True)
class StateModel:
    """The one state document of a key; `new` gives a key's fields before its first event."""

    collection: str
    new: Callable[[str], dict[str, Any]]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Group:
    """A group without state counts by the declarations on its documents' fields.

    A group with state has `react`: pure, from an event and its key's state to effects, changing
    the state. `prepare` runs before every fold, with the states as read: there a group makes
    what comes from elsewhere (a funnel's definition) a function of the log by pinning it into
    the states (`Store.amend`, then load them again). `project` runs after a batch is durable,
    with the documents and keys it touched; what it writes must be derived and absolute, since it
    may run again or not at all.
    """

    name: str
    sources: tuple[Source, ...]
    documents: tuple[type[DailyDocument], ...]
    schema_revision: int
    state: StateModel | None = None
    react: React | None = None
    prepare: "Callable[[Batch, dict[str, State], Store], None] | None" = None
    project: Callable[[Sequence[str], Sequence[str]], None] | None = None

    @property
    def topics(self) -> list[str]:
        return [source.topic for source in self.sources]

    @property
    def models(self) -> dict[str, int]:
        """The newest version of each collection that the group owns."""
        versions = {model.collection: model.version for model in self.documents}
        if self.state:
            versions[self.state.collection] = self.state.version
        return versions
