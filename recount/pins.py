"""Which definitions states say are pinned: rows for SQL, from the documents as they are stored."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recount.definitions import as_text

Row = tuple[str, str, str, int, str, str | None]


def rows(states: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """State, funnel as it is a key there, day, offset that pinned it, definition and its text.

    What is not as it should be is passed by: then the log decides.
    """
    for state in states:
        texts = state.get("definitions")
        pins = state.get("pins")
        for funnel, days in pins.items() if isinstance(pins, Mapping) else ():
            for day, several in days.items() if isinstance(days, Mapping) else ():
                for reference, offset in _read(several):
                    told = texts.get(reference) if isinstance(texts, Mapping) else None
                    yield str(state["_id"]), funnel, day, offset, reference, _text(told)


def _read(several: object) -> Iterator[tuple[str, int]]:
    for pin in several if isinstance(several, list) else ():
        if isinstance(pin, Mapping):
            reference, offset = pin.get("definition"), pin.get("offset")
            if isinstance(reference, str) and isinstance(offset, int):
                yield reference, int(offset)


def _text(told: object) -> str | None:
    try:
        return as_text(**told) if isinstance(told, dict) else None
    except (TypeError, KeyError):
        return None
