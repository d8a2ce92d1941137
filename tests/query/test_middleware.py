"""Few requests are processed at the same time, and waiting ones do not block others."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from daybook.query.middleware import BODY_BYTES_MAX, TURN, TURNS, RequestLimits

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


class App:
    """Counts the requests inside it; they stay until `over` is set."""

    def __init__(self, *, ends_turn: bool) -> None:
        self.ends_turn = ends_turn
        self.inside = self.answered = 0
        self.over = asyncio.Event()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        self.inside += 1
        if self.ends_turn:
            await scope[TURN]()
        await self.over.wait()
        await send(START)
        self.answered += 1


async def start_requests(app: App, count: int) -> list[asyncio.Task[None]]:
    """Starts that many requests, and lets each run until it waits."""
    limits = RequestLimits(app, seconds=60)

    async def sent(_: Message) -> None: ...

    async def nothing() -> Any: ...

    requests = [asyncio.create_task(limits({"type": "http"}, nothing, sent)) for _ in range(count)]
    for _ in range(count):
        await asyncio.sleep(0)
    return requests


def test_few_requests_are_processed_together_and_all_are_answered() -> None:
    async def play() -> None:
        app = App(ends_turn=False)
        requests = await start_requests(app, 100)
        assert app.inside == TURNS
        app.over.set()
        await asyncio.gather(*requests)
        assert app.answered == 100

    asyncio.run(play())


def test_requests_that_have_ended_their_turn_do_not_block_others() -> None:
    async def play() -> None:
        app = App(ends_turn=True)
        requests = await start_requests(app, 100)
        async with asyncio.timeout(10):
            while app.inside < 100:
                await asyncio.sleep(0)
        app.over.set()
        await asyncio.gather(*requests)

    asyncio.run(play())


def test_callers_have_their_turns_in_rotation_whoever_sends_more() -> None:
    async def play() -> None:
        done: list[bytes] = []

        async def app(scope: Scope, _: Receive, send: Send) -> None:
            await asyncio.sleep(0)
            done.append(dict(scope["headers"])[b"authorization"])
            await send(START)

        async def nothing() -> Any: ...

        async def sent(_: Message) -> None: ...

        async def read(key: bytes) -> None:
            headers = [(b"host", b"x"), (b"authorization", key)]
            await limits({"type": "http", "headers": headers}, nothing, sent)

        limits = RequestLimits(app, seconds=60)
        async with asyncio.TaskGroup() as tasks:
            for key in [b"many"] * 100 + [b"one"]:
                tasks.create_task(read(key))
        assert done.index(b"one") <= TURNS + 1

    asyncio.run(play())


def slow_body(parts: list[bytes], more: asyncio.Event) -> Receive:
    """A body whose next part arrives when `more` is set."""
    remaining = list(parts)

    async def receive() -> Message:
        if len(remaining) < len(parts):
            await more.wait()
        part = remaining.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(remaining)}

    return receive


async def call(limits: RequestLimits, receive: Receive) -> list[Message]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await limits({"type": "http", "method": "POST", "headers": []}, receive, send)
    return sent


class Reader:
    """Reads the whole body of each request."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        self.bodies.append(body)
        await send(START)


def test_a_request_takes_its_turn_when_its_body_is_there() -> None:
    async def play() -> None:
        app, arrives = Reader(), asyncio.Event()
        limits = RequestLimits(app, seconds=60)
        slow = [
            asyncio.create_task(call(limits, slow_body([b"a", b"b"], arrives)))
            for _ in range(3 * TURNS)
        ]
        await asyncio.sleep(0)
        await call(limits, slow_body([b"whole"], arrives))
        assert app.bodies == [b"whole"]
        arrives.set()
        await asyncio.gather(*slow)
        assert app.bodies[1:] == [b"ab"] * 3 * TURNS

    asyncio.run(play())


def test_a_body_that_does_not_arrive_is_408() -> None:
    async def play() -> None:
        app = Reader()
        limits = RequestLimits(app, seconds=60, body_seconds=0.01)
        start, _ = await call(limits, slow_body([b"a", b"b"], asyncio.Event()))
        assert start["status"] == 408
        assert app.bodies == []

    asyncio.run(play())


def test_of_a_large_body_only_the_beginning_is_kept() -> None:
    async def play() -> None:
        read = 0

        async def endless() -> Message:
            nonlocal read
            read += 1_000
            return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

        async def refuse(_: Scope, __: Receive, send: Send) -> None:
            await send(START)

        await call(RequestLimits(refuse, seconds=60), endless)
        assert read <= BODY_BYTES_MAX + 1_000

    asyncio.run(play())
