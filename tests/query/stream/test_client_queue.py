"""What a client receives when it is slow, when nothing happens, and when its key expires."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from pydantic_core import to_json

from daybook.engine.settings import Settings
from daybook.query.caller import Caller
from daybook.query.problem import Problem
from daybook.query.stream import relay as relay_module
from daybook.query.stream import sse
from daybook.query.stream.channel_state import ChannelState
from daybook.query.stream.client_queue import QUEUE_MAX, ClientQueue
from daybook.query.stream.relay import BEAT_SECONDS, Relay
from daybook.query.stream.response import Stream

NOWHERE = Settings(redis_url="redis://127.0.0.1:1/0")
ANALYST = Caller("key:1", "analyst", "acme")


def row(revision: int, day: str = "2026-11-20") -> sse.Row:
    at = f"{day}T00:00:00+00:00"
    return {"date": day, "revision": revision, "updated_at": at, "event_id": "gala"}


async def load() -> list[sse.Row]:
    return [row(1)]


async def take(queue: ClientQueue, count: int) -> list[bytes]:
    found = [await asyncio.wait_for(queue.next(), 5) for _ in range(count)]
    return [event for event in found if event is not None]


def parse(event: bytes) -> dict[str, Any]:
    lines = dict(line.split(": ", 1) for line in event.decode().splitlines() if line)
    return {"event": lines["event"], "data": lines["data"]}


async def loaded_channel() -> ChannelState:
    channel = ChannelState("analytics:event:acme:gala", "event", load)
    await channel.load(0.0)
    return channel


def publish(channel: ChannelState, revisions: range) -> None:
    for revision in revisions:
        channel.receive(to_json(row(revision)))


def test_a_slow_client_learns_how_much_it_missed_and_then_gets_the_totals() -> None:
    async def run() -> None:
        channel = await loaded_channel()
        slow, quick = channel.join(), channel.join()
        await take(slow, 2)
        await take(quick, 2)
        publish(channel, range(2, 2 + QUEUE_MAX))
        assert len(await take(quick, QUEUE_MAX)) == QUEUE_MAX
        publish(channel, range(2 + QUEUE_MAX, 5 + QUEUE_MAX))
        lagged, totals = await take(slow, 2)
        assert parse(lagged) == {"event": "lagged", "data": f'{{"dropped":{QUEUE_MAX + 3}}}'}
        assert f'"revision":{QUEUE_MAX + 4}' in parse(totals)["data"]
        assert [parse(event)["event"] for event in await take(quick, 3)] == ["totals"] * 3
        publish(channel, range(100, 101))
        assert '"revision":100' in (await take(slow, 1))[0].decode()

    asyncio.run(run())


def test_totals_of_yesterday_are_dropped_on_a_new_day() -> None:
    async def run() -> None:
        channel = await loaded_channel()
        channel.receive(to_json(row(1, "2026-11-21")))
        channel.receive(to_json(row(9, "2026-11-20")))
        _, totals = await take(channel.join(), 2)
        assert '"date":"2026-11-21"' in totals.decode()

    asyncio.run(run())


class ManualClock:
    """Time passes only when the test calls `advance`."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._passes = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await self._passes.wait()
        self._passes.clear()

    def advance(self) -> None:
        self._passes.set()


def test_a_stream_has_heartbeats_and_reports_that_redis_is_unavailable() -> None:
    async def run() -> None:
        clock = ManualClock()
        relay = Relay(NOWHERE, clock.sleep)
        async with relay.open("analytics:event:acme:gala", "event", load, ANALYST) as queue:
            retry, totals, away = await take(queue, 3)
            assert retry.startswith(b"retry: ")
            assert [parse(event)["event"] for event in (totals, away)] == ["totals", "away"]
            for _ in range(3):
                clock.advance()
                assert await take(queue, 1) == [sse.BEAT]
            assert set(clock.sleeps) == {BEAT_SECONDS} == {15.0}
            relay.end()
            assert await queue.next() is None
        await relay.close()

    asyncio.run(run())


def test_a_key_or_an_organization_that_has_many_streams_leaves_room_for_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay_module, "CLIENTS_PER_CALLER", 3)
    monkeypatch.setattr(relay_module, "CLIENTS_PER_OWNER", 5)

    async def opens(relay: Relay, open_streams: AsyncExitStack, caller: Caller) -> int:
        stream = relay.open("analytics:event:acme:gala", "event", load, caller)
        try:
            await open_streams.enter_async_context(stream)
        except Problem as problem:
            assert int(problem.headers["Retry-After"]) >= 1
            return problem.status
        return 200

    async def run() -> None:
        relay = Relay(NOWHERE)
        others = [Caller(f"key:{number}", "analyst", "acme") for number in (2, 3, 4)]
        async with AsyncExitStack() as streams:
            of_one = [await opens(relay, streams, ANALYST) for _ in range(5)]
            assert of_one == [200] * 3 + [429] * 2
            assert [await opens(relay, streams, one) for one in others] == [200, 200, 429]
            assert await opens(relay, streams, Caller("key:9", "analyst", "other")) == 200
            assert await opens(relay, streams, Caller("key:8", "admin", None)) == 200
        async with AsyncExitStack() as streams:
            assert await opens(relay, streams, ANALYST) == 200
        await relay.close()

    asyncio.run(run())


def sent_bytes(is_valid: Callable[[], Awaitable[bool]], leaves: bool) -> list[bytes]:
    """What is sent to a client that stays, or leaves at once, until the first heartbeat."""
    sent: list[bytes] = []

    async def run() -> None:
        channel = await loaded_channel()
        queue = channel.join()

        @asynccontextmanager
        async def opened() -> AsyncIterator[ClientQueue]:
            yield queue
            channel.leave(queue)

        async def receive() -> Any:
            if leaves:
                return {"type": "http.disconnect"}
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))

        queue.heartbeat()
        await asyncio.wait_for(Stream(opened(), is_valid)({"type": "http"}, receive, send), 5)
        assert channel.queues == []

    asyncio.run(run())
    return sent


async def valid() -> bool:
    return True


async def invalid() -> bool:
    return False


def test_a_stream_ends_when_its_key_is_no_longer_valid() -> None:
    assert sent_bytes(invalid, leaves=False)[-1] == b""
    assert sse.BEAT not in sent_bytes(invalid, leaves=False)


def test_a_stream_ends_when_its_client_leaves() -> None:
    sent_bytes(valid, leaves=True)
