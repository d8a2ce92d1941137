"""The streaming response; it ends when the client leaves, the service stops or the key expires."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from daybook.query.stream import sse
from daybook.query.stream.client_queue import ClientQueue

HEADERS = {"X-Accel-Buffering": "no", "Vary": "Authorization, X-Daybook-Key"}
"""The first header stops nginx from buffering events."""

IsValid = Callable[[], Awaitable[bool]]
"""Whether the caller's key or token is still valid; checked at each heartbeat."""


class Stream(Response):
    """`queue` is entered when the response starts, so a failure until then sets the status."""

    media_type = "text/event-stream"

    def __init__(self, queue: AbstractAsyncContextManager[ClientQueue], is_valid: IsValid) -> None:
        super().__init__(None, 200, HEADERS)
        del self.headers["content-length"]
        self._queue = queue
        self._is_known = is_valid

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._queue as queue:
            sending = asyncio.create_task(self._send_events(queue, send))
            leaving = asyncio.create_task(_wait_for_disconnect(receive))
            both = (sending, leaving)
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    async def _send_events(self, queue: ClientQueue, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        while (event := await queue.next()) is not None:
            if event is sse.BEAT and not await self._is_known():
                break
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
