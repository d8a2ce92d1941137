"""Pins, before a batch is counted, the definition that each visitor's day in a funnel goes by."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from daybook.engine.batch import Batch
from daybook.engine.documents.counting_rules import EVENT_IDS_KEPT
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import State, StateModel
from daybook.engine.group import Arrival
from daybook.engine.store import Store
from daybook.funnels import memory
from daybook.funnels.people import mark_user, take_user
from daybook.funnels.registry import Registry
from daybook.funnels.visitor_event import (
    context_of,
    is_bot,
    is_of_a_visitor,
    to_visitor_event,
    utf8_bytes,
)
from schemas.envelope import organization_of

BYTES_MAX = 300_000
"""The size of a visitor's pins and the definitions they refer to; see `memory.BYTES_MAX`. A day
that finds no room has no attempts."""

_PIN_BYTES = 200
_FUNNEL_BYTES = 3
_DEFINITION_BYTES = 200
_STEP_BYTES = 40
_EXCLUSION_BYTES = 16
"""What BSON adds at most: to a pin, with its day; for each byte of the funnel's id, which is
percent-encoded; to a definition; to the id of each of its steps, and of each exclusion."""

Pins = dict[str, dict[str, list[dict[str, Any]]]]
"""By funnel and day, in order of offset; each applies from its own offset to the next one's."""


class NewPin(NamedTuple):
    """A pin to write: the definition in force at a day's first entry, and its reference."""

    funnel: str
    day: str
    arrival: Arrival
    reference: str
    definition: dict[str, Any]


def pins_of(visitor: Mapping[str, Any], funnel: str, day: str) -> list[dict[str, Any]]:
    """The pins of a visitor's day in a funnel; empty if there are none."""
    pins: list[dict[str, Any]] = visitor["pins"].get(encode_part(funnel), {}).get(day, [])
    return pins


def has_room(visitor: Mapping[str, Any], new_pin: NewPin) -> bool:
    """Whether a pin fits beside those that were made for earlier messages."""
    size = _bytes_of_pin(new_pin.funnel)
    used = {new_pin.reference: new_pin.definition}
    for funnel, days in visitor["pins"].items():
        for entries in days.values():
            for pin in entries:
                # A member that died may have left pins of later messages.
                if _holds(pin, new_pin.arrival):
                    size += _bytes_of_pin(unquote(funnel))
                    used[pin["definition"]] = visitor["definitions"][pin["definition"]]
    return size + sum(map(_bytes_of_definition, used.values())) <= BYTES_MAX


def _bytes_of_pin(funnel: str) -> int:
    return _PIN_BYTES + _FUNNEL_BYTES * utf8_bytes(funnel)


def _bytes_of_definition(definition: Mapping[str, Any]) -> int:
    steps = sum(_STEP_BYTES + utf8_bytes(step["step_id"]) for step in definition["steps"])
    exclusions = sum(_EXCLUSION_BYTES + utf8_bytes(step) for step in definition["exclusions"])
    return _DEFINITION_BYTES + steps + exclusions


def pinned_to(visitor: State, funnel: str, day: str, arrival: Arrival) -> str | None:
    """The reference of the definition that an entry goes by, or None.

    A pin applies from the message on that it was made for.
    """
    found = [pin for pin in pins_of(visitor, funnel, day) if _holds(pin, arrival)]
    return str(found[-1]["definition"]) if found else None


def with_pins(visitor: Mapping[str, Any], new_pins: Iterable[NewPin]) -> dict[str, Any]:
    """The fields of the state that new pins change."""
    pins: Pins = {funnel: dict(days) for funnel, days in visitor["pins"].items()}
    definitions = dict(visitor["definitions"])
    for new_pin in new_pins:
        topic_id, partition, offset, _ = new_pin.arrival
        entry = {
            "definition": new_pin.reference,
            "topic_id": topic_id,
            "partition": partition,
            "offset": offset,
        }
        days = pins.setdefault(encode_part(new_pin.funnel), {})
        days[new_pin.day] = [*days.get(new_pin.day, []), entry]
        definitions[new_pin.reference] = new_pin.definition
    return {"pins": pins, "definitions": definitions}


def forget_pins(visitor: State, arrival: Arrival) -> None:
    """Drops the pins of days without a remembered entry, except those made for later messages."""
    kept = {
        (encode_part(event["funnel"]), event["day"])
        for session in visitor["sessions"]
        for event in session["events"]
        if event["type"] == "step_entry"
    }
    pins: Pins = {}
    for funnel, days in visitor["pins"].items():
        for day, entries in days.items():
            if left := [p for p in entries if (funnel, day) in kept or _is_to_come(p, arrival)]:
                pins.setdefault(funnel, {})[day] = left
    used = {p["definition"] for days in pins.values() for entries in days.values() for p in entries}
    visitor["pins"] = pins
    visitor["definitions"] = {r: d for r, d in visitor["definitions"].items() if r in used}


def _holds(pin: Mapping[str, Any], arrival: Arrival) -> bool:
    return not _is_here(pin, arrival) or int(pin["offset"]) <= arrival.offset


def _is_to_come(pin: Mapping[str, Any], arrival: Arrival) -> bool:
    return _is_here(pin, arrival) and int(pin["offset"]) >= arrival.offset


def _is_here(pin: Mapping[str, Any], arrival: Arrival) -> bool:
    """Whether the pin is of this partition; others are from before the visitor's move to it."""
    return (pin["topic_id"], pin["partition"]) == (arrival.topic_id, arrival.partition)


def pin(
    batch: Batch, states: dict[str, State], store: Store, model: StateModel, registry: Registry
) -> None:
    """Writes pins into the states: for each day's first entry, the definition in force, if any.

    Raises Refused if another member wrote a state first; then the states must be read again.
    """
    by_key: dict[str, list[int]] = {}
    for index, key in enumerate(batch.keys):
        by_key.setdefault(key, []).append(index)
    wanted = {}
    for key, indices in by_key.items():
        if not _may_pin(batch, indices, states[key]):
            continue
        if new_pins := list(_new_pins(batch, indices, states[key], registry)):
            wanted[key] = with_pins(states[key], new_pins)
    store.amend(model, {key: (states[key], fields) for key, fields in wanted.items()})


def _may_pin(batch: Batch, indices: list[int], state: State) -> bool:
    """Whether an entry may be its day's first, or the first again after others were forgotten."""
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


def _new_pins(
    batch: Batch, indices: list[int], state: State, registry: Registry
) -> Iterator[NewPin]:
    """Simulates on a copy what the fold will do to the visitor's memory, to find first entries."""
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
        as_event = to_visitor_event(event, batch.day_hours[index], arrival.offset)
        visitor_event = mark_user(visitor, event, as_event)
        take_user(visitor, event)
        context, appended_ms = context_of(event), arrival.appended_ms
        kept = memory.remember(visitor, session_id, appended_ms, visitor_event, context)
        if not kept or visitor_event["type"] != "step_entry":
            continue
        funnel, day = visitor_event["funnel"], visitor_event["day"]
        if pinned_to(visitor, funnel, day, arrival):
            continue
        found = registry.in_force(organization_of(event), funnel, arrival.appended_ms)
        if found and has_room(visitor, new_pin := NewPin(funnel, day, arrival, *found)):
            visitor.update(with_pins(visitor, [new_pin]))
            yield new_pin


def _arrival(batch: Batch, index: int) -> Arrival:
    here = batch.partition
    return Arrival(here.topic_id, here.number, batch.offsets[index], batch.appended_ms[index])


def _copy(state: State) -> State:
    """A copy as deep as the memory is changed in place."""
    sessions = [
        session | {"contexts": [*session["contexts"]], "events": [*session["events"]]}
        for session in state["sessions"]
    ]
    return dict(state) | {"sessions": sessions}
