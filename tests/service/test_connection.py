"""Slow, many and strange connections end, and leave room for others."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState

from daybook.service.connection import (
    ENDS_AT_ONCE,
    HEAD_BYTES_MAX,
    PIPELINED_MAX,
    Connection,
    Connections,
    Limits,
)

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
SOON = Limits(100, head_seconds=0.2, body_seconds=0.2, unread_seconds=0.2)
PATIENT = Limits(100)


@dataclass
class Site:
    """A server whose `/` answers with `body` once the request's body has arrived."""

    port: int = 0
    body: bytes = b"ok"
    called: int = 0
    state: ServerState = field(default_factory=ServerState)
    open: list[asyncio.StreamWriter] = field(default_factory=list)

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        self.called += 1
        while (message := await receive()).get("more_body"):
            pass
        if message["type"] == "http.disconnect":
            return
        length = str(len(self.body)).encode()
        headers = [(b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})

    async def connect(
        self, source: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(source, 0)
        )
        self.open.append(writer)
        return reader, writer

    async def send(self, data: bytes, source: str = "127.0.0.1") -> bytes:
        """All that is answered until the server closes the connection."""
        reader, writer = await self.connect(source)
        writer.write(data)
        try:
            return await reader.read()
        except ConnectionError:
            return b""

    async def status(self, source: str = "127.0.0.1") -> int:
        data = GET.replace(b"Host", b"Connection: close\r\nHost")
        return int((await self.send(data, source)).split(b" ")[1])


class Endless(Site):
    """Its answers go on for as long as somebody listens."""

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        listening = asyncio.create_task(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not listening.done():
            await send({"type": "http.response.body", "body": b"more", "more_body": True})
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(
    limits: Limits, body: bytes = b"ok", site: Site | None = None
) -> AsyncIterator[Site]:
    site = site or Site(body=body)
    config = uvicorn.Config(site.app, interface="asgi3", log_config=None, ws="none")
    config.load()
    connections, state = Connections(limits), site.state
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(connections, config=config, server_state=state, app_state={}),
        "127.0.0.1",
        0,
    )
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        for writer in site.open:
            writer.transport.abort()
        server.close()
        await server.wait_closed()
        while state.connections or state.tasks:
            await asyncio.sleep(0.01)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), 60))


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"", b""),
        (b"\r\n\r\n", b"HTTP/1.1 408"),
        (b"GET / HT", b"HTTP/1.1 408"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"HTTP/1.1 408"),
        (POST + b"half", b"HTTP/1.1 408"),
        (GET + b"GET / HT", b"HTTP/1.1 200"),
        (GET + b"\r\n", b"HTTP/1.1 200"),
    ],
    ids=["nothing", "blank lines", "half a line", "no end", "half a body", "second", "more lines"],
)
def test_a_request_that_does_not_end_is_ended(data: bytes, answer: bytes) -> None:
    async def test() -> None:
        async with serving(SOON) as site:
            assert (await site.send(data)).startswith(answer)

    run(test)


@pytest.mark.parametrize(
    ("start", "drip"), [(b"GET / HTTP/1.1\r\n", b"A: b\r\n"), (POST, b"x"), (b"", b"\r\n")]
)
def test_a_byte_now_and_then_does_not_prolong_it(start: bytes, drip: bytes) -> None:
    async def test() -> None:
        async with serving(SOON) as site:
            reader, writer = await site.connect()
            ended = asyncio.ensure_future(reader.read())
            writer.write(start)
            sent = 0
            while not ended.done() and sent < 9:
                writer.write(drip)
                sent += 1
                await asyncio.wait({ended}, timeout=0.1)
            assert ended.done()

    run(test)


def test_requests_in_time_are_answered_one_after_the_other_on_a_connection() -> None:
    async def test() -> None:
        async with serving(PATIENT) as site:
            reader, writer = await site.connect()
            for _ in range(3):
                writer.write(POST + b"0123456789")
                assert b"200" in await reader.readline()
                await reader.readuntil(b"ok")
            assert site.called == 3

    run(test)


def test_headers_larger_than_64_kib_are_refused() -> None:
    async def test() -> None:
        async with serving(PATIENT) as site:
            endless = b"GET / HTTP/1.1\r\nA: " + b"x" * (HEAD_BYTES_MAX + 1)
            assert (await site.send(endless)).startswith(b"HTTP/1.1 431")
            assert site.called == 0

    run(test)


def test_trailers_larger_than_64_kib_are_refused() -> None:
    async def test() -> None:
        async with serving(PATIENT) as site:
            chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: "
            # More than one packet can hold.
            answer = await site.send(chunked + b"x" * 20 * HEAD_BYTES_MAX)
            assert answer.startswith(b"HTTP/1.1 431") or not answer

    run(test)


def test_a_packet_of_thousands_of_requests_is_refused() -> None:
    async def test() -> None:
        async with serving(PATIENT) as site:
            await site.send(GET * 5_000)
            assert site.called <= PIPELINED_MAX + 1

    run(test)


def test_a_caller_that_does_not_read_its_answer_is_disconnected() -> None:
    async def test() -> None:
        async with serving(SOON, body=b"x" * 50_000_000) as site:
            _, writer = await site.connect()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(GET)
            while site.called == 0 or site.state.connections:
                await asyncio.sleep(0.01)

    run(test)


def test_one_address_has_a_limited_number_of_connections_and_others_are_served() -> None:
    async def test() -> None:
        async with serving(Limits(5)) as site:
            for _ in range(5):
                await site.connect()
            while (refused := await site.send(GET)) == b"":
                pass
            assert refused.startswith(b"HTTP/1.1 429")
            assert b"Retry-After" in refused
            assert await site.status("127.0.0.2") == 200
            site.open[0].close()
            while b"429" in await site.send(GET.replace(b"Host", b"Connection: close\r\nHost")):
                pass

    run(test)


def test_a_trusted_proxy_may_have_any_number_of_connections() -> None:
    async def test() -> None:
        async with serving(Limits(5, trusted=("127.0.0.1/32",))) as site:
            for _ in range(20):
                await site.connect()
            assert await site.status() == 200

    run(test)


def test_when_there_is_no_room_the_connection_that_waits_for_longest_makes_some() -> None:
    async def test() -> None:
        async with serving(Limits(100, total_max=10)) as site:
            slow = [await site.connect(f"127.0.0.{number % 5 + 2}") for number in range(10)]
            for _, writer in slow:
                writer.write(b"GET / HTTP/1.1\r\n")
            assert await site.status("127.0.0.9") == 200
            assert await slow[0][0].read() == b""

    run(test)


class Answering:
    """A connection that is answering a request."""

    is_waiting = False


def test_a_connection_is_refused_only_if_all_others_are_being_answered() -> None:
    connections = Connections(Limits(100, total_max=3))
    busy: list[Any] = [Answering() for _ in range(4)]
    assert [connections.admit(one, "192.0.2.1") for one in busy] == [0, 0, 0, 503]
    connections.release(busy[0])
    connections.release(busy[0])
    assert connections.admit(busy[3], "192.0.2.1") == 0


def test_an_ipv6_network_counts_as_one_address() -> None:
    connections = Connections(Limits(2))
    many: list[Any] = [Answering() for _ in range(3)]
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
    assert [connections.admit(*pair) for pair in zip(many, addresses, strict=True)] == [0, 0, 429]
    assert connections.admit(Answering(), "2001:db8:0:1::1") == 0  # type: ignore[arg-type]


def test_answers_to_connections_that_close_together_are_dropped(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play() -> None:
        async with serving(PATIENT, site=Endless()) as site:
            for _ in range(5 * ENDS_AT_ONCE):
                reader, writer = await site.connect()
                writer.write(GET)
                await reader.read(1)
            for writer in site.open:
                writer.transport.abort()

    # Its transports refuse to be written to once they are closed.
    uvloop.run(asyncio.wait_for(play(), 60))
    assert not caplog.records


def test_of_connections_that_close_together_some_end_in_each_pass_of_the_loop() -> None:
    async def play() -> None:
        connections, ended = Connections(PATIENT), list[int]()
        for number in range(3 * ENDS_AT_ONCE):
            connections.end(partial(ended.append, number))
        for passes in range(4):
            assert ended == list(range(passes * ENDS_AT_ONCE))
            await asyncio.sleep(0)
        connections.end(partial(ended.append, -1))
        await asyncio.sleep(0)
        assert ended[-1] == -1

    asyncio.run(play())
