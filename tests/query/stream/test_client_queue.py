"""What a client is told when it is slow, when nothing happens, and when its key has ended."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from pydantic_core import to_json

from daybook.engine.settings import Settings
from daybook.query.stream import sse
from daybook.query.stream.channel_state import ChannelState
from daybook.query.stream.client_queue import QUEUE_MAX, ClientQueue
from daybook.query.stream.relay import BEAT_SECONDS, Relay
from daybook.query.stream.response import Stream

NOWHERE = Settings(redis_url="redis://127.0.0.1:1/0")


def row(revision: int, day: str = "2026-11-20") -> sse.Row:
    at = f"{day}T00:00:00+00:00"
    return {"date": day, "revision": revision, "updated_at": at, "event_id": "gala"}


async def load() -> list[sse.Row]:
    return [row(1)]


async def taken(feed: ClientQueue, count: int) -> list[bytes]:
    found = [await asyncio.wait_for(feed.next(), 5) for _ in range(count)]
    return [each for each in found if each is not None]


def said(event: bytes) -> dict[str, Any]:
    lines = dict(line.split(": ", 1) for line in event.decode().splitlines() if line)
    return {"event": lines["event"], "data": lines["data"]}


async def a_topic() -> ChannelState:
    topic = ChannelState("analytics:event:acme:gala", "event", load)
    await topic.load(0.0)
    return topic


def heard(topic: ChannelState, revisions: range) -> None:
    for revision in revisions:
        topic.hear(to_json(row(revision)))


def test_a_slow_client_is_told_how_much_it_missed_and_then_the_totals() -> None:
    async def run() -> None:
        topic = await a_topic()
        slow, quick = topic.join(), topic.join()
        await taken(slow, 2)
        await taken(quick, 2)
        heard(topic, range(2, 2 + QUEUE_MAX))
        assert len(await taken(quick, QUEUE_MAX)) == QUEUE_MAX
        heard(topic, range(2 + QUEUE_MAX, 5 + QUEUE_MAX))
        lagged, totals = await taken(slow, 2)
        assert said(lagged) == {"event": "lagged", "data": f'{{"dropped":{QUEUE_MAX + 3}}}'}
        assert f'"revision":{QUEUE_MAX + 4}' in said(totals)["data"]
        assert [said(each)["event"] for each in await taken(quick, 3)] == ["totals"] * 3
        heard(topic, range(100, 101))
        assert '"revision":100' in (await taken(slow, 1))[0].decode()

    asyncio.run(run())


def test_yesterday_is_no_part_of_a_new_day() -> None:
    async def run() -> None:
        topic = await a_topic()
        topic.hear(to_json(row(1, "2026-11-21")))
        topic.hear(to_json(row(9, "2026-11-20")))
        _, totals = await taken(topic.join(), 2)
        assert '"date":"2026-11-21"' in totals.decode()

    asyncio.run(run())


class Time:
    """Passes when it is told to."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._passes = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._passes.wait()
        self._passes.clear()

    def go_on(self) -> None:
        self._passes.set()


def test_a_silent_stream_shows_a_sign_of_life_every_15_seconds_and_says_that_redis_is_away() -> (
    None
):
    async def run() -> None:
        time = Time()
        relay = Relay(NOWHERE, time.sleep)
        async with relay.open("analytics:event:acme:gala", "event", load) as feed:
            retry, totals, away = await taken(feed, 3)
            assert retry.startswith(b"retry: ")
            assert [said(each)["event"] for each in (totals, away)] == ["totals", "away"]
            for _ in range(3):
                time.go_on()
                assert await taken(feed, 1) == [sse.BEAT]
            assert set(time.asked) == {BEAT_SECONDS} == {15.0}
            relay.end()
            assert await feed.next() is None
        await relay.close()

    asyncio.run(run())


def answered(known: Callable[[], Awaitable[bool]], leaves: bool) -> list[bytes]:
    """What a client is sent that stays silent, or goes at once, and is asked for by one beat."""
    sent: list[bytes] = []

    async def run() -> None:
        topic = await a_topic()
        feed = topic.join()

        @asynccontextmanager
        async def opened() -> AsyncIterator[ClientQueue]:
            yield feed
            topic.leave(feed)

        async def receive() -> Any:
            if leaves:
                return {"type": "http.disconnect"}
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message.get("body", b""))

        feed.beat()
        await asyncio.wait_for(Stream(opened(), known)({"type": "http"}, receive, send), 5)
        assert topic.feeds == []

    asyncio.run(run())
    return sent


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def test_a_stream_ends_with_the_key_that_opened_it() -> None:
    assert answered(no, leaves=False)[-1] == b""
    assert sse.BEAT not in answered(no, leaves=False)


def test_a_stream_ends_when_its_client_goes() -> None:
    answered(yes, leaves=True)
