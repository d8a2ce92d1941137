"""Few requests are processed at the same time, and waiting ones do not block others."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from daybook.query.middleware import TURN, TURNS, RequestLimits

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
        assert app.inside == 100
        app.over.set()
        await asyncio.gather(*requests)

    asyncio.run(play())
