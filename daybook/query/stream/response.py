"""A stream as an answer: it lives until the client goes, the service stops, or a key ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from daybook.query.stream import sse
from daybook.query.stream.client_queue import ClientQueue

HEADERS = {"X-Accel-Buffering": "no", "Vary": "Authorization, X-Daybook-Key"}
"""The first is for nginx, which would hold events back."""

IsKnown = Callable[[], Awaitable[bool]]
"""Whether the caller may still read; asked at each heartbeat."""


class Stream(Response):
    """`feed` is entered here: what fails before the first event may still be told by its status."""

    media_type = "text/event-stream"

    def __init__(self, feed: AbstractAsyncContextManager[ClientQueue], is_known: IsKnown) -> None:
        super().__init__(None, 200, HEADERS)
        del self.headers["content-length"]
        self._feed = feed
        self._is_known = is_known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._feed as feed:
            sending = asyncio.create_task(self._send_events(feed, send))
            leaving = asyncio.create_task(_left(receive))
            both = (sending, leaving)
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    async def _send_events(self, feed: ClientQueue, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        while (some := await feed.next()) is not None:
            if some is sse.BEAT and not await self._is_known():
                break
            await send({"type": "http.response.body", "body": some, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
