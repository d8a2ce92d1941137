"""One kept connection: a call goes out, its answer comes in."""

import asyncio
import re
from typing import cast

from bench.http.calls import Call

_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class WrongAnswer(Exception):
    """A call was not answered as it must be, so its speed means nothing."""


class Exchange(asyncio.Protocol):
    """Makes one call after the other."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._got = bytearray()
        self._call: Call | None = None
        self._answer: asyncio.Future[int] | None = None

    async def make(self, call: Call) -> int:
        """How many events the server took. Raises WrongAnswer when it was not all."""
        assert self._transport is not None
        self._got.clear()
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
        self._got += data
        head = self._got.find(_HEAD_END)
        if head < 0:
            return
        length = _LENGTH.search(self._got, 0, head)
        body = head + len(_HEAD_END)
        if length and len(self._got) < body + int(length[1]):
            return
        call, answer = self._call, self._answer
        assert call is not None and answer is not None
        status = b"HTTP/1.1 %d " % call.status
        if self._got.startswith(status) and self._got.startswith(call.answer, body):
            answer.set_result(call.events)
        else:
            answer.set_exception(WrongAnswer(bytes(self._got[:500]).decode(errors="replace")))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(WrongAnswer(f"the connection was cut: {error}"))
