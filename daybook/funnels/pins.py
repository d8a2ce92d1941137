"""Decides, ahead of counting, which definitions a batch's entries go by, and writes it down."""

from collections.abc import Iterator

from daybook.engine.batch import Batch
from daybook.engine.documents.counting_rules import EVENT_IDS_KEPT
from daybook.engine.documents.state import State, StateModel
from daybook.engine.group import Arrival
from daybook.engine.store import Store
from daybook.funnels import memory
from daybook.funnels.folded_pins import Decided, forget_pins, pinned_to, pins_of, with_pins
from daybook.funnels.registry import Registry
from daybook.funnels.visitor_event import context_of, is_bot, is_of_a_visitor, seen
from schemas.envelope import organization_of


def pin(
    batch: Batch, states: dict[str, State], store: Store, model: StateModel, registry: Registry
) -> None:
    """Writes into the states what each day's first entry finds in force, if it finds any.

    Raises Refused when another member was quicker: then read the states again.
    """
    by_key: dict[str, list[int]] = {}
    for index, key in enumerate(batch.keys):
        by_key.setdefault(key, []).append(index)
    wanted = {}
    for key, indices in by_key.items():
        if not _may_decide(batch, indices, states[key]):
            continue
        if decided := list(_decide(batch, indices, states[key], registry)):
            wanted[key] = with_pins(states[key], decided)
    store.amend(model, {key: (states[key], fields) for key, fields in wanted.items()})


def _may_decide(batch: Batch, indices: list[int], state: State) -> bool:
    """Whether an entry may be the first of its day, or the first again, as all were forgotten."""
    entries = [i for i in indices if batch.events[i]["event_type"] == "step_entry"]
    days = {(batch.events[i]["data"]["funnel_id"], batch.slots[i].day) for i in entries}
    if not all(pins_of(state, funnel, day) for funnel, day in days):
        return True
    sessions = {batch.events[i]["data"].get("session_id") for i in indices}
    sessions |= {session["session_id"] for session in state["sessions"]}
    moments = [batch.appended_ms[i] for i in indices]
    began = [session["since_ms"] for session in state["sessions"]]
    expires = max(moments) - min(moments + began) > memory.REMEMBERED_MS
    return bool(entries) and (expires or len(sessions) > memory.SESSIONS_MAX)


def _decide(
    batch: Batch, indices: list[int], state: State, registry: Registry
) -> Iterator[Decided]:
    """Goes through what the fold will make of the visitor's memory; the state stays as it is."""
    visitor, event_ids = _copy(state), [*state["event_ids"]]
    for index in indices:
        event, arrival = batch.events[index], _arrival(batch, index)
        if arrival.offset <= batch.partition.applied(state):
            continue
        if batch.ids[index] in event_ids:
            continue
        event_ids = [*event_ids, batch.ids[index]][-EVENT_IDS_KEPT:]
        if is_bot(event) or not is_of_a_visitor(event):
            continue
        session_id = event["data"]["session_id"]
        if outdated := memory.outdated(visitor, session_id, arrival.appended_ms):
            memory.forget(visitor, outdated)
            forget_pins(visitor, arrival)
        one = seen(event, batch.slots[index], arrival.offset)
        kept = memory.remember(visitor, session_id, arrival.appended_ms, one, context_of(event))
        if not kept or one["type"] != "step_entry":
            continue
        funnel, day = one["funnel"], one["day"]
        if pinned_to(visitor, funnel, day, arrival):
            continue
        if found := registry.in_force(organization_of(event), funnel, arrival.appended_ms):
            decided = Decided(funnel, day, arrival, *found)
            visitor.update(with_pins(visitor, [decided]))
            yield decided


def _arrival(batch: Batch, index: int) -> Arrival:
    here = batch.partition
    return Arrival(here.topic_id, here.number, batch.offsets[index], batch.appended_ms[index])


def _copy(state: State) -> State:
    """As deep as memories are changed in place."""
    sessions = [
        session | {"contexts": [*session["contexts"]], "events": [*session["events"]]}
        for session in state["sessions"]
    ]
    return dict(state) | {"sessions": sessions}
