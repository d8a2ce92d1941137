"""Makes prepared HTTP/1.1 calls to this machine over keep-alive connections, in one cheap loop.

The loop shares the processor with the server that it calls, so it only copies bytes: requests are
built beforehand, and of a response it looks only at status, length and body.
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
    """Each connection makes its next call once it has the last response. Raises WrongAnswer.

    So a call is due when it begins, and these latencies are valid only for this kind of load.
    """
    return uvloop.run(_flood(port, calls, connections))


def pace(port: int, calls: Sequence[Call], rate: float, connections: int) -> Load:
    """`rate` calls per second are due, however slow the responses are. Raises WrongAnswer."""
    return uvloop.run(_pace(port, calls, rate, connections))


async def _flood(port: int, calls: Iterable[Call], connections: int) -> Load:
    rest = iter(calls)

    async def work(exchange: Exchange, load: Load) -> None:
        for call in rest:
            due = perf_counter()
            load.add_call(due, await exchange.make(call))

    async with _connected(port, connections) as exchanges:
        load = Load()
        with _Timed(load):
            await asyncio.gather(*(work(exchange, load) for exchange in exchanges))
    return load


async def _pace(port: int, calls: Sequence[Call], rate: float, connections: int) -> Load:
    due_calls: asyncio.Queue[tuple[float, Call] | None] = asyncio.Queue()

    async def work(exchange: Exchange, load: Load) -> None:
        while due_call := await due_calls.get():
            due, call = due_call
            load.add_call(due, await exchange.make(call))

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
            await asyncio.gather(fall_due(), *(work(exchange, load) for exchange in exchanges))
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
        for exchange in exchanges:
            exchange.close()


class _Timed:
    """Stores in the load how long its block took."""

    def __init__(self, load: Load) -> None:
        self._load = load

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._load.seconds = perf_counter() - self._began
