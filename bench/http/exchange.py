"""A keep-alive connection that makes one call after the other."""

import asyncio
import re
from typing import cast

from bench.http.calls import Call

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class WrongAnswer(Exception):
    """A response was not as required, so its speed means nothing."""


class Exchange(asyncio.Protocol):
    """An HTTP connection; it looks only at a response's status, length and body."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._call: Call | None = None
        self._answer: asyncio.Future[int] | None = None

    async def make(self, call: Call) -> int:
        """Makes a call; the number of its events. Raises WrongAnswer unless all were accepted."""
        assert self._transport is not None
        self._received.clear()
        self._call = call
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(call.request)
        return await self._answer

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._received, 0, head)
        body = head + len(_HEAD_END)
        if length and len(self._received) < body + int(length[1]):
            return
        call, answer = self._call, self._answer
        assert call is not None and answer is not None
        status = b"HTTP/1.1 %d " % call.status
        if self._received.startswith(status) and self._received.startswith(call.answer, body):
            answer.set_result(call.events)
        else:
            answer.set_exception(WrongAnswer(bytes(self._received[:500]).decode(errors="replace")))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(WrongAnswer(f"the connection was closed: {error}"))
