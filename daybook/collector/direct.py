"""Passes tracking calls by most of FastAPI, whose routing costs more than a call's own work."""

from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from daybook.collector.track import Tracker


class Direct:
    """A middleware that answers POST `path` by the tracker of `owner`, and passes on other calls.

    The route with the same path stays: it documents the call and answers other methods.
    """

    def __init__(self, app: ASGIApp, owner: FastAPI, path: str) -> None:
        self._inner = app
        self._owner = owner
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._inner(scope, receive, send)
            return
        tracker: Tracker = self._owner.state.tracker
        response = await tracker.track(Request(scope, receive))
        await response(scope, receive, send)
