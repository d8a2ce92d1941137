"""Connections that are slow on purpose: many calls at once, or a server's answer."""

import asyncio
import socket
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass

from daybook.local.ports import LOOPBACK

_CONNECT_AT_ONCE = 100
_CONNECT_SECONDS = 20.0
_FIRST_CALL_SECONDS, _BYTE_SECONDS = 30.0, 0.5


@dataclass(frozen=True, slots=True)
class Held:
    """Of so many connections: how many were `opened`, and how many of them were `left` open."""

    opened: int
    left: int


def drip(
    port: int,
    sources: Sequence[str],
    first: bytes,
    piece: bytes,
    seconds: float,
    interval_seconds: float = 1.0,
    at_once: int = _CONNECT_AT_ONCE,
    pace_seconds: float = 0.0,
) -> Held:
    """Opens a connection from each of the addresses, `at_once` at a time, sends `first`, then a
    piece at each interval.

    With `pace_seconds` each connection keeps its place among those for so long. Returns after so
    many seconds, with how many connections the server has not closed by then.
    """
    return asyncio.run(
        _drip(port, sources, first, piece, seconds, interval_seconds, at_once, pace_seconds)
    )


async def _drip(
    port: int,
    sources: Sequence[str],
    first: bytes,
    piece: bytes,
    seconds: float,
    interval_seconds: float,
    at_once: int,
    pace_seconds: float,
) -> Held:
    opening = asyncio.Semaphore(at_once)
    ends = time.monotonic() + seconds

    async def one(source: str) -> bool | None:
        """None if it could not be opened; else whether it was left open."""
        async with AsyncExitStack() as stack:
            try:
                async with opening, asyncio.timeout(_CONNECT_SECONDS):
                    reader, writer = await asyncio.open_connection(
                        LOOPBACK, port, local_addr=(source, 0)
                    )
                    stack.push_async_callback(_abort, writer)
                    writer.write(first)
                    await writer.drain()
                    await asyncio.sleep(pace_seconds)
            except (OSError, TimeoutError):
                return None
            try:
                return await _keep(reader, writer, piece, ends, interval_seconds)
            except ConnectionError:
                return False  # the server has closed it without reading the rest

    found = await asyncio.gather(*(one(source) for source in sources))
    opened = [left for left in found if left is not None]
    return Held(len(opened), sum(opened))


async def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def _keep(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    piece: bytes,
    ends: float,
    interval_seconds: float,
) -> bool:
    """Whether the connection was open until the end. Raises ConnectionError."""
    while (left := ends - time.monotonic()) > 0:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(left, interval_seconds)):
                # A server that answers or closes has taken its turn back.
                while await reader.read(65_536):
                    pass
            return False
        writer.write(piece)
        await writer.drain()
    return True


def answer_slowly(server: socket.socket, seconds: float) -> float:
    """Answers the first connection with a byte every half second, for so long at most.

    Returns how many seconds the client has read that.
    """
    server.settimeout(_FIRST_CALL_SECONDS)
    connection, _ = server.accept()
    began = time.monotonic()
    with connection:
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while (passed := time.monotonic() - began) < seconds:
                connection.sendall(b" ")
                time.sleep(_BYTE_SECONDS)
        except ConnectionError:
            passed = time.monotonic() - began
    return passed
