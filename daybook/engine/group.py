"""A consumer group as data: what it reads, what it owns, and its pure rule from event to change."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import DailyDocument, Event
from daybook.engine.documents.live import Live
from daybook.engine.documents.rows import RowModel, RowUpdate
from daybook.engine.documents.sketches import SketchModel
from daybook.engine.documents.source import Definition, Source
from daybook.engine.documents.state import State, StateModel
from daybook.engine.partition import Partition
from daybook.engine.store import Store


class Arrival(NamedTuple):
    """Where and when a message came into the log; `appended_ms` by the broker's clock."""

    topic_id: str
    partition: int
    offset: int
    appended_ms: int


React = Callable[[Event, DayHour, Arrival, State, Rules], Iterable[Effect | RowUpdate]]
Prepare = Callable[[Batch, dict[str, State], Store], None]


class Definitions(Protocol):
    """The topics in a group's `definitions`, as far as a member has read them."""

    def news(self) -> list[Definition]:
        """What was appended since the last call, in each partition's order. Raises Unavailable."""

    def home(self, topic: str) -> Partition | None:
        """The topic's first partition, if it is known."""


class Memory(Protocol):
    """What a group remembers of a key's events, when numbers hang on several of them.

    An event's effects are then what `react` says of it alone, and the difference that it makes
    to `measure`. So an event that comes late, or out of order, corrects what it must.
    """

    def outdated(self, state: State, event: Event, arrival: Arrival) -> Sequence[str]:
        """What this message makes forgotten; mostly nothing."""

    def forget(self, state: State, outdated: Sequence[str], arrival: Arrival) -> None:
        """Takes that out of the state. What it gave the documents stays there."""

    def follows(self, state: State, event: Event, arrival: Arrival) -> bool:
        """Whether the message goes on where all that is remembered leaves off. What such messages
        make of a document, one after the other, never comes to what it was before them."""

    def parts(self, state: State, event: Event, day_hour: DayHour) -> Sequence[Any]:
        """The parts of what is measured that this message may change, asked ahead of it; hashable.
        Together all parts are what is measured, and no two measure the same."""

    def measure(self, state: State, parts: Iterable[Any]) -> Iterable[tuple[Any, Iterable[Effect]]]:
        """What hangs on several events, of each of the parts: pure, of the state alone."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group without state counts by the declarations on its documents' fields.

    A group with state has `react`: pure, from an event and its key's state to effects, changing
    the state; with `memory`, what a key's events come to together counts as well. `sketches` are
    kept of counters that count distinct keys, so that they can be counted over several days.
    `preparer` makes of the topics in `definitions` what runs before every fold, with the states as
    read: there a group makes what comes from elsewhere (a funnel's definition) a function of the
    log by pinning it into the states (`Store.amend`). `live` says what of it shows in Redis:
    derived from what is durable, and absolute, since it may be written again or not at all. `rows`
    are of a group that does not count: its work is its own, and this is where it keeps how far
    that is.
    """

    name: str
    sources: tuple[Source, ...]
    documents: tuple[type[DailyDocument], ...]
    schema_revision: int
    state: StateModel | None = None
    react: React | None = None
    memory: Memory | None = None
    sketches: SketchModel | None = None
    definitions: tuple[Source, ...] = ()
    preparer: Callable[[Definitions], Prepare] | None = None
    live: Live | None = None
    rows: tuple[RowModel, ...] = ()

    @property
    def topics(self) -> list[str]:
        return [source.topic for source in self.sources]

    @property
    def models(self) -> dict[str, int]:
        """The newest version of each collection that the group owns."""
        versions = {model.collection: model.version for model in self.documents}
        if self.state:
            versions[self.state.collection] = self.state.version
        if self.sketches:
            versions[self.sketches.collection] = self.sketches.version
        return versions
