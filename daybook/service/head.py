"""HEAD, wherever there is GET: the same answer without its body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """A middleware, the outermost: whatever stands behind it sees one GET, and counts it once.

    An answer that would go on for long need not: once the end is said, the server tells whoever
    still sends that nobody is there any more (`http.disconnect`).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        # A copy: by its own scope the server still knows that no body may follow.
        await self._app({**scope, "method": "GET"}, receive, send_head)
