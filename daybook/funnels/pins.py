"""Decides, ahead of counting, which definitions a batch's entries go by, and writes it down."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from daybook.engine.batch import Batch
from daybook.engine.documents.counting_rules import EVENT_IDS_KEPT
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import State, StateModel
from daybook.engine.group import Arrival
from daybook.engine.store import Store
from daybook.funnels import memory
from daybook.funnels.registry import Registry
from daybook.funnels.visitor_event import context_of, is_bot, is_of_a_visitor, seen
from schemas.envelope import organization_of

Pins = dict[str, dict[str, list[dict[str, Any]]]]
"""By funnel and day, in the order of their offsets; each holds from its own to the next one's."""


class Decided(NamedTuple):
    """What the first entry of a day found in force: a definition's reference and the definition."""

    funnel: str
    day: str
    arrival: Arrival
    reference: str
    definition: dict[str, Any]


def pins_of(visitor: Mapping[str, Any], funnel: str, day: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = visitor["pins"].get(encode_part(funnel), {}).get(day, [])
    return found


def pinned_to(visitor: State, funnel: str, day: str, arrival: Arrival) -> str | None:
    """The definition an entry goes by; a pin holds from the message on that it was made for."""
    found = [pin for pin in pins_of(visitor, funnel, day) if _holds(pin, arrival)]
    return str(found[-1]["definition"]) if found else None


def with_pins(visitor: Mapping[str, Any], decided: Iterable[Decided]) -> dict[str, Any]:
    """The fields of a state that change when more is pinned."""
    pins: Pins = {funnel: dict(days) for funnel, days in visitor["pins"].items()}
    definitions = dict(visitor["definitions"])
    for one in decided:
        topic_id, partition, offset, _ = one.arrival
        entry = {
            "definition": one.reference,
            "topic_id": topic_id,
            "partition": partition,
            "offset": offset,
        }
        days = pins.setdefault(encode_part(one.funnel), {})
        days[one.day] = [*days.get(one.day, []), entry]
        definitions[one.reference] = one.definition
    return {"pins": pins, "definitions": definitions}


def forget_pins(visitor: State, arrival: Arrival) -> None:
    """Drops the pins of days without a remembered entry, but those made for what is to come."""
    kept = {
        (encode_part(event["funnel"]), event["day"])
        for session in visitor["sessions"]
        for event in session["events"]
        if event["type"] == "step_entry"
    }
    pins: Pins = {}
    for funnel, days in visitor["pins"].items():
        for day, several in days.items():
            if still := [p for p in several if (funnel, day) in kept or _is_to_come(p, arrival)]:
                pins.setdefault(funnel, {})[day] = still
    used = {p["definition"] for days in pins.values() for several in days.values() for p in several}
    visitor["pins"] = pins
    visitor["definitions"] = {r: d for r, d in visitor["definitions"].items() if r in used}


def _holds(pin: Mapping[str, Any], arrival: Arrival) -> bool:
    return not _is_here(pin, arrival) or int(pin["offset"]) <= arrival.offset


def _is_to_come(pin: Mapping[str, Any], arrival: Arrival) -> bool:
    return _is_here(pin, arrival) and int(pin["offset"]) >= arrival.offset


def _is_here(pin: Mapping[str, Any], arrival: Arrival) -> bool:
    """Of another partition are the pins that a visitor brought along when he moved."""
    return (pin["topic_id"], pin["partition"]) == (arrival.topic_id, arrival.partition)


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
    days = {(batch.events[i]["data"]["funnel_id"], batch.day_hours[i].day) for i in entries}
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
        one = seen(event, batch.day_hours[index], arrival.offset)
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
