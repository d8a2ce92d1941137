"""Calls over HTTP/1.1 to this machine: prebuilt, over kept connections, by one cheap loop.

The loop shares the processor with the server that it calls, so it only copies bytes: a call is
whole before it begins, and of an answer no more is looked at than status, length and body.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter

import uvloop

from bench.http.calls import Call
from bench.http.exchange import Exchange
from bench.http.loaded import Load
from daybook.local.ports import LOOPBACK


def flood(port: int, calls: Iterable[Call], connections: int) -> Load:
    """Each connection makes its next call when it has the answer to the last. Raises WrongAnswer.

    So a call is due when it begins: these latencies say nothing of a server under other load.
    """
    return uvloop.run(_flood(port, calls, connections))


def pace(port: int, calls: Sequence[Call], rate: float, connections: int) -> Load:
    """`rate` calls a second fall due, however slow the answers are. Raises WrongAnswer."""
    return uvloop.run(_pace(port, calls, rate, connections))


async def _flood(port: int, calls: Iterable[Call], connections: int) -> Load:
    rest = iter(calls)

    async def work(own: Exchange, load: Load) -> None:
        for call in rest:
            due = perf_counter()
            load.note(due, await own.make(call))

    async with _connected(port, connections) as exchanges:
        load = Load()
        with _Timed(load):
            await asyncio.gather(*(work(own, load) for own in exchanges))
    return load


async def _pace(port: int, calls: Sequence[Call], rate: float, connections: int) -> Load:
    due_calls: asyncio.Queue[tuple[float, Call] | None] = asyncio.Queue()

    async def work(own: Exchange, load: Load) -> None:
        while due_call := await due_calls.get():
            due, call = due_call
            load.note(due, await own.make(call))

    async def fall_due() -> None:
        began = perf_counter()
        for number, call in enumerate(calls):
            due = began + number / rate
            if (early := due - perf_counter()) > 0:
                await asyncio.sleep(early)
            due_calls.put_nowait((due, call))
        for _ in range(connections):
            due_calls.put_nowait(None)

    async with _connected(port, connections) as exchanges:
        load = Load()
        with _Timed(load):
            await asyncio.gather(fall_due(), *(work(own, load) for own in exchanges))
    return load


@asynccontextmanager
async def _connected(port: int, connections: int) -> AsyncIterator[list[Exchange]]:
    loop = asyncio.get_running_loop()
    exchanges = [
        (await loop.create_connection(Exchange, LOOPBACK, port))[1] for _ in range(connections)
    ]
    try:
        yield exchanges
    finally:
        for own in exchanges:
            own.close()


class _Timed:
    """Notes how long its block took."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._load.seconds = perf_counter() - self._began
