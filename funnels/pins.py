"""By which definition a visitor's day in a funnel is counted: decided once, ahead of counting."""

from collections.abc import Mapping
from typing import Any

from engine.batch import Batch
from engine.errors import Refused
from engine.group import Arrival, State, StateModel
from engine.keys import encode_part
from engine.store import Store
from funnels.registry import Registry
from funnels.seen import is_bot
from models.visitor_state import organization_of

Pins = dict[str, dict[str, dict[str, Any]]]


def pin(
    batch: Batch, states: dict[str, State], store: Store, model: StateModel, registry: Registry
) -> None:
    """Writes into the states what each day's first entry finds in force, if it finds any.

    Raises Refused when another member was quicker: then read the states again.
    """
    wanted: dict[str, dict[str, Any]] = {}
    for index, event in enumerate(batch.events):
        key = batch.keys[index]
        if event["event_type"] != "step_entry" or is_bot(event):
            continue
        if batch.offsets[index] <= batch.partition.applied(states[key]):
            continue
        funnel, day = event["data"]["funnel_id"], batch.slots[index].day
        have = wanted.get(key) or {n: states[key][n] for n in ("pins", "definitions")}
        if day in have["pins"].get(encode_part(funnel), {}):
            continue
        found = registry.in_force(organization_of(event), funnel, batch.appended_ms[index])
        if found is None:
            continue
        reference, definition = found
        arrival = batch.partition.topic_id, batch.offsets[index]
        wanted[key] = _with(have, funnel, day, arrival, reference, definition)
    if not wanted:
        return
    store.amend(model, {key: (states[key], fields) for key, fields in wanted.items()})
    states |= store.load(model, wanted.keys())
    if any(states[key]["pins"] != fields["pins"] for key, fields in wanted.items()):
        raise Refused


def _with(
    have: Mapping[str, Any],
    funnel: str,
    day: str,
    arrival: tuple[str, int],
    reference: str,
    definition: dict[str, Any],
) -> dict[str, Any]:
    topic_id, offset = arrival
    entry = {"definition": reference, "topic_id": topic_id, "offset": offset}
    name = encode_part(funnel)
    days = have["pins"].get(name, {}) | {day: entry}
    return {
        "pins": have["pins"] | {name: days},
        "definitions": have["definitions"] | {reference: definition},
    }


def pinned_to(visitor: State, funnel: str, day: str, arrival: Arrival) -> str | None:
    """The definition an entry goes by; a pin holds from the message on that it was made for."""
    found = visitor["pins"].get(encode_part(funnel), {}).get(day)
    if found is None:
        return None
    holds = found["topic_id"] != arrival.topic_id or found["offset"] <= arrival.offset
    return str(found["definition"]) if holds else None


def forget_pins(visitor: State, arrival: Arrival) -> None:
    """Drops the pins that no remembered entry goes by, and that no message will be the first of."""
    kept = {
        (encode_part(event["funnel"]), event["day"])
        for session in visitor["sessions"]
        for event in session["events"]
        if "pinned" in event
    }
    pins: Pins = {}
    for funnel, days in visitor["pins"].items():
        for day, found in days.items():
            ahead = found["topic_id"] == arrival.topic_id and found["offset"] >= arrival.offset
            if ahead or (funnel, day) in kept:
                pins.setdefault(funnel, {})[day] = found
    used = {found["definition"] for days in pins.values() for found in days.values()}
    visitor["pins"] = pins
    visitor["definitions"] = {r: d for r, d in visitor["definitions"].items() if r in used}
