"""However many call at once, few are looked at together, and who waits holds nobody up."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from daybook.query.middleware import TURN, TURNS, RequestLimits

START: Message = {"type": "http.response.start", "status": 200, "headers": []}


class App:
    """Counts the calls that are in it; they stay until `over`."""

    def __init__(self, *, gives_back: bool) -> None:
        self.gives_back = gives_back
        self.inside = self.answered = 0
        self.over = asyncio.Event()

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        self.inside += 1
        if self.gives_back:
            await scope[TURN]()
        await self.over.wait()
        await send(START)
        self.answered += 1


async def calls(app: App, count: int) -> list[asyncio.Task[None]]:
    """As far as they come by themselves."""
    guard = RequestLimits(app, seconds=60)

    async def sent(_: Message) -> None: ...

    async def nothing() -> Any: ...

    made = [asyncio.create_task(guard({"type": "http"}, nothing, sent)) for _ in range(count)]
    for _ in range(count):
        await asyncio.sleep(0)
    return made


def test_few_are_looked_at_together_and_all_are_answered() -> None:
    async def play() -> None:
        app = App(gives_back=False)
        made = await calls(app, 100)
        assert app.inside == TURNS
        app.over.set()
        await asyncio.gather(*made)
        assert app.answered == 100

    asyncio.run(play())


def test_those_that_wait_for_an_answer_hold_nobody_up() -> None:
    async def play() -> None:
        app = App(gives_back=True)
        made = await calls(app, 100)
        assert app.inside == 100
        app.over.set()
        await asyncio.gather(*made)

    asyncio.run(play())
