"""A call is freed with its answer, not when Python looks for cycles; who is asked about it."""

import asyncio
import gc
import weakref
from typing import Any

import pytest
from fastapi import Request

from daybook.collector import track
from daybook.collector.acquisition.origin import Origins
from daybook.collector.acquisition.source_cap import SourceCap
from daybook.collector.body import LARGE_BYTES, BodyMemory, Call, HeldBody
from daybook.collector.client.caller import Callers
from daybook.collector.enrich import Enricher
from daybook.collector.track import Tracker
from daybook.engine import logs
from daybook.engine.settings import Settings
from daybook.service.api_keys import Key
from daybook.service.rate_limit import RateDecision
from tests.collector.test_arrival import NOW

KEY = Key("k-1", "write", "org-1", "test", NOW.at, None)
SCOPE: dict[str, Any] = {
    "type": "http", "method": "POST", "headers": [], "query_string": b"", "client": None,
}  # fmt: skip
VISIT = {"event_type": "page_view", "visitor_id": "v-1", "session_id": "s-1"}


class Fields(dict[str, Any]):
    """An event's fields, of which one can know whether they are still in memory."""


class Servers:
    """Stands for those that a tracker asks: keys, the rate limit, names and Kafka."""

    async def get(self, *_: object) -> Key:
        return KEY

    async def take(self, *_: object) -> RateDecision:
        return RateDecision(0, is_suspect=False)

    async def apply(self, *_: object) -> None:
        return None

    async def send(self, messages: list[object]) -> list[bool]:
        return [True] * len(messages)


def tracker(servers: Any) -> Tracker:
    callers = Callers(Settings())
    enricher = Enricher(callers, Origins(), SourceCap(100))
    return Tracker(callers, enricher, servers, servers, servers, servers, "EUR")


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"{}", "more_body": False}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (VISIT, 202),
        (VISIT | {"visitor_id": 1}, 422),
        (VISIT | {"event_type": "invented"}, 422),
        (VISIT | {"metadata": dict.fromkeys(map(str, range(10_000)), 0)}, 422),
        (VISIT | {"page": "\ud83d"}, 422),
    ],
    ids=["valid", "a wrong field", "a wrong type", "too large an object", "half a character"],
)
def test_an_events_values_are_freed_with_the_answer(
    monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], status: int
) -> None:
    events = [Fields(fields)]
    held = weakref.ref(events[0])
    monkeypatch.setattr(track, "parse", lambda _: Call([events.pop()], False, None, False))
    gc.disable()
    try:
        response = asyncio.run(tracker(Servers()).track(Request(SCOPE, receive)))
        assert response.status_code == status
        assert held() is None
    finally:
        gc.enable()


def test_an_event_that_our_code_fails_on_is_freed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError

    logs.configure("json")
    monkeypatch.setattr(track, "validated", fails)
    test_an_events_values_are_freed_with_the_answer(monkeypatch, VISIT, 422)


def test_for_a_caller_who_has_gone_nobody_is_asked() -> None:
    asked: list[str] = []

    class Observed(Servers):
        async def take(self, *_: object) -> RateDecision:
            asked.append("Redis")
            return RateDecision(0, is_suspect=False)

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    response = asyncio.run(tracker(Observed()).track(Request(SCOPE, gone)))
    assert response.status_code == 400
    assert asked == []


def test_a_large_body_that_has_no_room_is_freed_with_its_answer() -> None:
    full = tracker(Servers())
    full._memory = BodyMemory(bytes_max=0)

    async def large() -> dict[str, Any]:
        return {"type": "http.request", "body": b" " * (LARGE_BYTES + 1), "more_body": True}

    gc.collect()
    gc.disable()
    try:
        response = asyncio.run(full.track(Request(SCOPE, large)))
        assert response.status_code == 503
        assert not any(type(held) is HeldBody for held in gc.get_objects())
    finally:
        gc.enable()
