"""Which definitions states say are pinned, as the documents are stored."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from recount.coverage import marks
from recount.definitions import as_text
from recount.expected import Document
from recount.kafka import Topic
from recount.replay import Marks

Row = tuple[str, str, str, int, int, str, str | None]


class Pin(NamedTuple):
    """`entry` is what is stored; `partition` and `offset` are of the message it was made for."""

    funnel: str
    day: str
    topic_id: str
    partition: int
    offset: int
    reference: str
    entry: dict[str, Any]


def rows(states: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """State, funnel as it is a key there, day, position that pinned it, definition and its text.

    What is not as it should be is passed by: then the log decides.
    """
    for state in states:
        for pin in _pins(state):
            text = _text(_definition(state, pin))
            yield str(state["_id"]), *pin[:2], *pin[3:6], text


def to_come(stored: Document, reach: Marks, topic: Topic) -> Document:
    """The pins, and their definitions, of messages that the state does not hold yet: a member
    writes them ahead of counting."""
    applied = marks(stored, "applied")
    pins: Document = {}
    definitions = {}
    for pin in _pins(stored):
        position = pin.topic_id, pin.partition
        counted = max(reach.get(position, -1), applied.get(position, -1))
        end = topic.ends.get(pin.partition, 0) if pin.topic_id == topic.id else 0
        if counted < pin.offset < end:
            pins.setdefault(pin.funnel, {}).setdefault(pin.day, []).append(pin.entry)
            definitions[pin.reference] = _definition(stored, pin)
    return {"pins": pins, "definitions": definitions}


def joined(should: Document, to_come: Document) -> Document:
    """What a state should be with what is pinned for messages to come."""
    pins = {funnel: dict(days) for funnel, days in should["pins"].items()}
    for funnel, days in to_come["pins"].items():
        for day, several in days.items():
            held = pins.setdefault(funnel, {})
            held[day] = [*held.get(day, []), *several]
    definitions = to_come["definitions"] | should["definitions"]
    return should | {"pins": pins, "definitions": definitions}


def _pins(state: Mapping[str, Any]) -> Iterator[Pin]:
    pins = state.get("pins")
    for funnel, days in pins.items() if isinstance(pins, Mapping) else ():
        for day, several in days.items() if isinstance(days, Mapping) else ():
            for entry in several if isinstance(several, list) else ():
                match entry:
                    case {
                        "definition": str(reference),
                        "topic_id": str(topic_id),
                        "partition": int(partition),
                        "offset": int(offset),
                    }:
                        yield Pin(funnel, day, topic_id, partition, offset, reference, entry)


def _definition(state: Mapping[str, Any], pin: Pin) -> Any:
    definitions = state.get("definitions")
    return definitions.get(pin.reference) if isinstance(definitions, Mapping) else None


def _text(told: object) -> str | None:
    try:
        return as_text(**told) if isinstance(told, dict) else None
    except (TypeError, KeyError):
        return None
