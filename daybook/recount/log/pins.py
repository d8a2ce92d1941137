"""Reads from stored states which definitions they have pinned, as rows for SQL."""

from collections.abc import Iterator, Mapping
from sys import intern
from typing import Any

from daybook.recount.log.definitions import stored_text

Row = tuple[str, str, str, int, int, str, str | None]


def rows(state: Mapping[str, Any], topic_id: str) -> Iterator[Row]:
    """One row per pin: the state's `_id`, the encoded funnel id, the day, partition and offset of
    the message it was made for, the definition's reference, and its text.

    Malformed pins are skipped, so that the log decides.
    """
    definitions, pins = state.get("definitions"), state.get("pins")
    known = definitions if isinstance(definitions, Mapping) else {}
    texts: dict[str, str | None] = {}
    for funnel, days in pins.items() if isinstance(pins, Mapping) else ():
        for day, entries in days.items() if isinstance(days, Mapping) else ():
            for partition, offset, reference in _read(entries, topic_id):
                if reference not in texts:
                    text = stored_text(known.get(reference))
                    # Many visitors have pinned the same few definitions.
                    texts[reference] = None if text is None else intern(text)
                yield str(state["_id"]), funnel, day, partition, offset, reference, texts[reference]


def _read(entries: object, topic_id: str) -> Iterator[tuple[int, int, str]]:
    for pin in entries if isinstance(entries, list) else ():
        match pin:
            case {
                "definition": str(reference),
                "topic_id": str(of),
                "partition": int(partition),
                "offset": int(offset),
            } if of == topic_id:
                yield int(partition), int(offset), reference
