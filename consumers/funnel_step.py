"""Counts visitors' events in funnels, experiments and ticketed events."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.rows import Row, RowUpdate
from daybook.engine.documents.sketches import Distinct
from daybook.engine.documents.source import Definition
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Definitions, Group, Prepare
from daybook.engine.partition import Partition
from daybook.engine.store import Store
from daybook.funnels import memory
from daybook.funnels.email_row import email_update
from daybook.funnels.experiment_row import KINDS as OF_EXPERIMENTS
from daybook.funnels.experiment_row import experiment_update
from daybook.funnels.live.presence import LIVE
from daybook.funnels.measures.parts import Part, measures, parts
from daybook.funnels.measures.single_event import bot_effects, plain_effects
from daybook.funnels.people import mark_user, take_user, users_of
from daybook.funnels.pins import forget_pins, pin, pinned_to
from daybook.funnels.registry import Registry
from daybook.funnels.session_row import session_update
from daybook.funnels.visitor_event import (
    MAILS,
    context_of,
    is_bot,
    is_of_a_visitor,
    to_visitor_event,
)
from daybook.funnels.visits import Visits
from models.definitions import Experiments, Funnels, TicketedEvents
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

ADMISSIONS_MAX = 200
"""The events that one ticket may be admitted at, so that its state stays small."""


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, visitor: State, rules: Rules
) -> Iterator[Effect | RowUpdate | Distinct]:
    """The effects of one event by itself, the rows it changes, and the user it is of.

    Effects that depend on several events of the visitor come from `VisitorMemory`.
    """
    organization, data = visitor["organization_id"], event["data"]
    if not is_of_a_visitor(event):
        yield from _order_or_ticket(organization, event, day_hour, visitor)
        return
    if is_bot(event):
        yield from bot_effects(organization, event, day_hour)
        return
    as_event = to_visitor_event(event, day_hour, arrival.offset)
    visitor_event = mark_user(visitor, event, as_event)
    take_user(visitor, event)
    if event["event_type"] == "step_entry":
        pinned = pinned_to(visitor, data["funnel_id"], day_hour.day, arrival)
        if pinned is not None:
            visitor_event["pinned"] = pinned
    yield from plain_effects(organization, visitor_event, data.get("conversion_goal_id"))
    session_id = data["session_id"]
    context = context_of(event)
    if memory.remember(visitor, session_id, arrival.appended_ms, visitor_event, context):
        yield from users_of(visitor, visitor_event)
    if event["event_type"] in OF_EXPERIMENTS:
        yield experiment_update(visitor, visitor_event)
    if event["event_type"] != "experiment_exposed":
        yield session_update(visitor, event, visitor_event)


def _order_or_ticket(
    organization: str, event: Event, day_hour: DayHour, state: State
) -> Iterator[Effect | RowUpdate]:
    """What an order's e-mail adds, or a scanned ticket, which counts once at an event."""
    data, event_type = event["data"], event["event_type"]
    if "event_id" not in data:
        yield email_update(state, event)
        return
    document_key = organization, data["event_id"]
    if event_type in MAILS:
        yield effect(EventMetricsDay, day_hour, MAILS[event_type], 1, of=document_key)
    elif _admits(state, data["event_id"]):
        state["admitted"] = True
        state["admissions"] = [*state["admissions"], data["event_id"]]
        yield effect(EventMetricsDay, day_hour, "admissions", 1, of=document_key)


def _admits(ticket: State, event_id: str) -> bool:
    """Whether the ticket is still good for the event.

    A ticket that was scanned before its events were remembered is good for none, until a rebuild.
    """
    admissions = ticket["admissions"]
    if ticket["admitted"] and not admissions:
        return False
    return event_id not in admissions and len(admissions) < ADMISSIONS_MAX


class VisitorMemory:
    """The effects that depend on several events of a visitor; see `Memory`."""

    def outdated(self, visitor: State, event: Event, arrival: Arrival) -> Sequence[str]:
        if is_bot(event) or not is_of_a_visitor(event):
            return ()
        return memory.outdated(visitor, event["data"]["session_id"], arrival.appended_ms)

    def forget(self, visitor: State, outdated: Sequence[str], arrival: Arrival) -> None:
        memory.forget(visitor, outdated)
        forget_pins(visitor, arrival)

    def view(self, visitor: State) -> Visits:
        return Visits(visitor)

    def follows(self, visits: Visits, event: Event, arrival: Arrival) -> bool:
        return memory.follows(visits, event, arrival.offset)

    def parts(
        self, visits: Visits, event: Event, day_hour: DayHour, arrival: Arrival
    ) -> Sequence[Part]:
        if is_bot(event) or not is_of_a_visitor(event):
            return ()
        return parts(visits, event, day_hour, arrival.offset)

    def measure(
        self, visits: Visits, parts: Iterable[Part]
    ) -> Iterator[tuple[Part, Iterable[Effect]]]:
        return measures(visits, parts)


def preparer(definitions: Definitions) -> Prepare:
    """Stores new definitions, and pins the definition that applies to each visitor and day."""
    registry = Registry()
    # The newest row of each definition: of many versions read at once, one is written.
    unwritten: dict[tuple[Partition, str, str], Row] = {}

    def take(definition: Definition) -> None:
        if row := registry.take(definition):
            unwritten[definition.partition, row.collection, row.id] = row

    def prepare(batch: Batch, states: dict[str, State], store: Store) -> None:
        # Rows stay in `unwritten` until they are stored, so nothing is lost while a store is away.
        definitions.read_new(take)
        home = definitions.first_partition(_FUNNELS.topic)
        if home:
            for row in _unpublished(batch, registry):
                unwritten[home, row.collection, row.id] = row
        for partition, rows in groupby(unwritten.items(), lambda item: item[0][0]):
            store.put([row for _, row in rows], partition)
        unwritten.clear()
        pin(batch, states, store, VisitorState, registry)

    return prepare


def _unpublished(batch: Batch, registry: Registry) -> Iterator[Row]:
    """Rows for the funnels that occur in the batch without having been published."""
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
    rows=(Funnels, Experiments, TicketedEvents),
    preparer=preparer,
    live=LIVE,
    schema_revision=REVISION,
)
