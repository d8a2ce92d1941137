"""Which definitions states say are pinned: rows for SQL, from the documents as they are stored."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from daybook.recount.log.definitions import stored_text

Row = tuple[str, str, str, int, int, str, str | None]


def rows(states: Iterable[Mapping[str, Any]], topic_id: str) -> Iterator[Row]:
    """State, funnel as it is a key there, day, position that pinned it, definition and its text.

    What is not as it should be is passed by: then the log decides.
    """
    for state in states:
        definitions, pins = state.get("definitions"), state.get("pins")
        for funnel, days in pins.items() if isinstance(pins, Mapping) else ():
            for day, several in days.items() if isinstance(days, Mapping) else ():
                for partition, offset, reference in _read(several, topic_id):
                    known = definitions if isinstance(definitions, Mapping) else {}
                    text = stored_text(known.get(reference))
                    yield str(state["_id"]), funnel, day, partition, offset, reference, text


def _read(several: object, topic_id: str) -> Iterator[tuple[int, int, str]]:
    for pin in several if isinstance(several, list) else ():
        match pin:
            case {
                "definition": str(reference),
                "topic_id": str(of),
                "partition": int(partition),
                "offset": int(offset),
            } if of == topic_id:
                yield int(partition), int(offset), reference
