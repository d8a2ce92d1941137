"""A consumer group as data: the topics it reads, the models it owns, and its pure functions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import DailyDocument, Event
from daybook.engine.documents.live import Live
from daybook.engine.documents.outgoing import Feed, Outgoing
from daybook.engine.documents.rows import RowModel, RowUpdate
from daybook.engine.documents.sketches import Distinct, SketchModel
from daybook.engine.documents.source import Definition, Source
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import DaybookError
from daybook.engine.partition import Partition
from daybook.engine.settings import Settings
from daybook.engine.store import Store


class Arrival(NamedTuple):
    """A message's position in the log, and when the broker appended it (ms since 1970)."""

    topic_id: str
    partition: int
    offset: int
    appended_ms: int


Result = Effect | RowUpdate | Distinct | Outgoing
React = Callable[[Event, DayHour, Arrival, State, Rules], Iterable[Result]]
Prepare = Callable[[Batch, dict[str, State], Store], None]


class Definitions(Protocol):
    """The topics in a group's `definitions`, as far as a member has read them."""

    def read_new(self, take: Callable[[Definition], object]) -> None:
        """Calls `take` with each definition appended since the last call, in each partition's
        order; one at which it raises becomes a dead letter, so it must then have changed nothing.

        Raises Unavailable.
        """

    def first_partition(self, topic: str) -> Partition | None:
        """The topic's lowest partition; None while the topic is unknown."""


class Memory(Protocol):
    """What a group remembers of a key's events, for numbers that depend on several events.

    An event's effects are then those of `react`, and the difference between `measure` after and
    before the event. So an event that is late or out of order corrects earlier effects.
    """

    def outdated(self, state: State, event: Event, arrival: Arrival) -> Sequence[str]:
        """The names of remembered items that this message makes outdated; mostly none."""

    def forget(self, state: State, outdated: Sequence[str], arrival: Arrival) -> None:
        """Removes outdated items from the state. The documents keep what they got from them."""

    def view(self, state: State) -> Any:
        """The state in a form from which it can be measured, made once for all messages of a key in
        a batch, and again after `forget`. It must show every message that the state has taken."""

    def follows(self, view: Any, event: Event, arrival: Arrival) -> bool:
        """Whether the message comes after everything that is remembered. The effects of such
        messages, one after the other, must never cancel out in a document."""

    def parts(self, view: Any, event: Event, day_hour: DayHour, arrival: Arrival) -> Sequence[Any]:
        """The parts of the measurement that this message may change, hashable; called before the
        message changes the state. Parts are disjoint, and all of them are the measurement."""

    def measure(self, view: Any, parts: Iterable[Any]) -> Iterable[tuple[Any, Iterable[Effect]]]:
        """The effects that depend on several events, by part: a pure function of the state."""


class Service(Protocol):
    """Runs next to a member, in threads of its own."""

    def start(self) -> None:
        """Returns once it runs. Raises DaybookError."""

    def failure(self) -> DaybookError | None:
        """Why it has ended, or no longer makes progress; None while it runs."""

    def is_caught_up(self) -> bool:
        """Whether everything is done that there was to do when it started."""

    def stop(self) -> None:
        """Ends it, and returns once it has ended; also if it was never started."""


@dataclass(frozen=True, slots=True)
class Group:
    """A group without state counts what the fields of its documents declare.

    A group with state has `react`, a function from an event and its key's state to effects, which
    also updates the state; with `memory`, effects that depend on several events of the key are
    added. `sketches` accompany counters of distinct keys, so that these can be counted over several
    days. `preparer` gets the topics in `definitions` and returns a function that runs before every
    fold, with the states as read: it pins external data (a funnel's definition) into the states
    (`Store.amend`), so that counting stays a function of the log. `live` computes what Redis shows,
    from durable documents and as absolute values, since it may be written again or not at all.
    `rows` are collections that the group maintains by other means than effects. `feed` is the topic
    of what `react` sends (`Outgoing`), and `produces` are topics of events that the group sends.
    `beside` makes the service that runs next to each member, given the group itself, the settings
    and the id of the fleet; if it ends, so does the member.
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
    feed: Feed | None = None
    produces: tuple[str, ...] = ()
    beside: Callable[["Group", Settings, str], Service] | None = None
    rows: tuple[RowModel, ...] = ()

    @property
    def topics(self) -> list[str]:
        """The topics that the group consumes, without those of its definitions."""
        return [source.topic for source in self.sources]

    @property
    def models(self) -> dict[str, int]:
        """The newest model version of each collection that the group owns."""
        versions = {model.collection: model.version for model in self.documents}
        if self.state:
            versions[self.state.collection] = self.state.version
            versions |= {rows.collection: rows.version for rows in self.state.rows}
        if self.sketches:
            versions[self.sketches.collection] = self.sketches.version
        return versions
