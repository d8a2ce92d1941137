"""Middleware that answers HEAD wherever GET is served: the same response without its body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Must be the outermost middleware: everything inside it sees a single GET and counts it once.

    A long stream ends early: once the empty body is sent, the server reports to the application
    that the client has disconnected (`http.disconnect`).
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

        # A copy, because the server reads from the original scope that no body may follow.
        await self._app({**scope, "method": "GET"}, receive, send_head)
