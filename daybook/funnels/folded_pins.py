"""By which definition a visitor's day in a funnel is counted, as his state has it written down."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival

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
