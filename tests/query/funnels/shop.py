"""A simulated shop's documents, counted in memory, and the known answer for the same log."""

import copy
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import unquote

from consumers import funnel_step
from daybook.funnels.visitor_event import milliseconds
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry
from daybook.simulate.answer.keys import event_key
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront
from tests.consumers.test_funnel_step import HERE, FixedDefinitions, as_log
from tests.fakes.memory_store import MemoryStore
from tests.support.runner import FakeDeadLetters, Lane, Runner

FIRST, LAST = "2026-01-05", "2026-01-18"
_EVENTS = 4_000
_AT_ONCE = 500

Collections = dict[str, dict[str, dict[str, Any]]]


class Shop(NamedTuple):
    """`stored`: documents by collection and `_id`; `known`: the known answer's fields, likewise."""

    stored: Collections
    known: dict[str, dict[str, dict[str, Any]]]
    entries: list[Entry]


@cache
def shop() -> Shop:
    """Two weeks of three organizations, computed once per test process."""
    entries = list(_entries())
    store = MemoryStore()
    runner = Runner(
        store,
        FakeDeadLetters(),
        funnel_step.GROUP,
        Lane(HERE, as_log(entries)),
        FixedDefinitions(entries),
    )
    while runner.next < len(runner.lane.log):
        runner.settle(_AT_ONCE)
    known: dict[str, dict[str, dict[str, Any]]] = {}
    for line in answer(entries):
        known.setdefault(line["collection"], {})[line["_id"]] = line["fields"]
    return Shop(store.collections, known, entries)


def documents(collection: str) -> list[dict[str, Any]]:
    """The documents of a collection, in the form that MongoDB returns."""
    found = []
    versions = funnel_step.GROUP.models
    for name, stored in shop().stored.get(collection, {}).items():
        document = copy.deepcopy(stored or _unpublished(name)) | {"_id": name}
        if isinstance(document.get("date"), str):
            document["date"] = datetime.fromisoformat(f"{document['date']}T00:00:00+00:00")
        if "_daybook" in document:
            document["_daybook"].setdefault("model", versions.get(collection))
        found.append(document)
    return found


def _unpublished(name: str) -> dict[str, Any]:
    """A funnel that was only seen in traffic; the store in memory refuses its first row."""
    organization, funnel = map(unquote, name.split(":"))
    key = {"organization_id": organization, "funnel_id": funnel}
    return {**key, "name": None, "steps": [], "status": "unpublished", "published": False}


def _entries() -> Iterator[Entry]:
    """Every event once, appended to the log when it occurred, or later."""
    seen: set[str] = set()
    now_ms = 0
    for message in storefront(Plan(_EVENTS, 3, date(2026, 1, 5), 14)):
        if message.topic not in (TRACKING, FUNNELS):
            continue
        name = event_key(message.event["event_id"])
        if name not in seen:
            seen.add(name)
            now_ms = max(now_ms + 1, milliseconds(message.event["occurred_at"]))
            yield Entry(message.topic, message.event, now_ms)
