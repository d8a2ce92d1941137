"""Counts what visitors do in funnels, experiments and ticketed events."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.rows import Row, RowUpdate
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Definitions, Group, Prepare
from daybook.engine.partition import Partition
from daybook.engine.store import Store
from daybook.funnels import memory
from daybook.funnels.live.presence import LIVE
from daybook.funnels.measures.single_event import bot_effects, plain_effects
from daybook.funnels.pins import forget_pins, pin, pinned_to
from daybook.funnels.registry import Registry
from daybook.funnels.session_row import session_update
from daybook.funnels.visitor_event import MAILS, context_of, is_bot, is_of_a_visitor, seen
from models.event_metrics import EventMetricsDay
from models.experiment import ExperimentDay
from models.funnel import FunnelDay
from models.funnel_step import FunnelStepDay
from models.uniques import Uniques
from models.visitor_state import VisitorState
from schemas import REVISION
from schemas.catalogue import source
from schemas.envelope import organization_of

_FUNNELS = source("sc.domain.funnel")


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, visitor: State, rules: Rules
) -> Iterator[Effect | RowUpdate]:
    """What one event counts by itself, and the row of its session; `VisitorMemory` has the rest."""
    organization, data = visitor["organization_id"], event["data"]
    if not is_of_a_visitor(event):
        yield from _served(organization, event, day_hour, visitor)
        return
    if is_bot(event):
        yield from bot_effects(organization, event, day_hour)
        return
    one = seen(event, day_hour, arrival.offset)
    if event["event_type"] == "step_entry":
        pinned = pinned_to(visitor, data["funnel_id"], day_hour.day, arrival)
        if pinned is not None:
            one["pinned"] = pinned
    yield from plain_effects(organization, one)
    session_id = data["session_id"]
    memory.remember(visitor, session_id, arrival.appended_ms, one, context_of(event))
    if "funnel" in one and event["event_type"] != "experiment_exposed":
        yield session_update(visitor, event, one)


def _served(organization: str, event: Event, day_hour: DayHour, state: State) -> Iterator[Effect]:
    """Of e-mails to an order, and of a ticket at the door, which counts once."""
    data, kind = event["data"], event["event_type"]
    if "event_id" not in data:
        return
    of = organization, data["event_id"]
    if kind in MAILS:
        yield effect(EventMetricsDay, day_hour, MAILS[kind], 1, of=of)
    elif not state["admitted"]:
        state["admitted"] = True
        yield effect(EventMetricsDay, day_hour, "admissions", 1, of=of)


class VisitorMemory:
    """What a visitor's events come to together."""

    def outdated(self, visitor: State, event: Event, arrival: Arrival) -> Sequence[str]:
        if is_bot(event) or not is_of_a_visitor(event):
            return ()
        return memory.outdated(visitor, event["data"]["session_id"], arrival.appended_ms)

    def forget(self, visitor: State, outdated: Sequence[str], arrival: Arrival) -> None:
        memory.forget(visitor, outdated)
        forget_pins(visitor, arrival)

    def follows(self, visitor: State, event: Event, arrival: Arrival) -> bool:
        return memory.follows(visitor, event, arrival.offset)

    def parts(self, visitor: State, event: Event, day_hour: DayHour) -> Sequence[memory.Part]:
        if is_bot(event) or not is_of_a_visitor(event):
            return ()
        return memory.parts(visitor, event, day_hour.day)

    def measure(
        self, visitor: State, parts: Iterable[memory.Part]
    ) -> Iterator[tuple[memory.Part, Iterator[Effect]]]:
        return memory.measures(visitor, parts)


def preparer(definitions: Definitions) -> Prepare:
    """Stores definitions as they come, and pins what each visitor's day goes by."""
    registry = Registry()
    untold: deque[tuple[list[Row], Partition]] = deque()

    def prepare(batch: Batch, states: dict[str, State], store: Store) -> None:
        # A store that is away loses nothing: what was taken is stored with the next attempt.
        for definition in definitions.read_new():
            if row := registry.take(definition):
                untold.append(([row], definition.partition))
        home = definitions.first_partition(_FUNNELS.topic)
        if home and (rows := list(_unpublished(batch, registry))):
            untold.append((rows, home))
        while untold:
            store.put(*untold[0])
            untold.popleft()
        pin(batch, states, store, VisitorState, registry)

    return prepare


def _unpublished(batch: Batch, registry: Registry) -> Iterator[Row]:
    """Of the funnels that the batch names, and that nobody has published."""
    for event in batch.events:
        funnel = event["data"].get("funnel_id")
        if funnel and (row := registry.unpublished(organization_of(event), funnel)):
            yield row


GROUP = Group(
    name="sc-analytics-funnel-step",
    sources=(source("sc.tracking.funnel"),),
    definitions=(_FUNNELS, source("sc.domain.event")),
    documents=(FunnelDay, FunnelStepDay, ExperimentDay, EventMetricsDay),
    state=VisitorState,
    react=react,
    memory=VisitorMemory(),
    sketches=Uniques,
    preparer=preparer,
    live=LIVE,
    schema_revision=REVISION,
)
