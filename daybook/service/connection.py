"""HTTP connections with limits: callers that are slow, or many, leave room for the others."""

from asyncio import TimerHandle, Transport, get_running_loop
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from daybook.service.address import caller_part, read

HEAD_BYTES_MAX = 2**16
"""For the request line and all headers; no browser sends half as many."""

PIPELINED_MAX = 16
"""Requests that wait for the answer to an earlier one of their connection."""

ENDS_AT_ONCE = 10
"""Of connections that are closed together, those whose requests learn of it in one pass of the
event loop: each costs some 100 microseconds, and other callers come in between."""

_STATUS = {
    408: "Request Timeout",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """`head_seconds`: until the headers are there, from the connection's start or the first byte.

    `body_seconds`: from there until the whole body is. `unread_seconds`: in which a caller must
    read `unread_bytes` of what it was sent, or all of it. `total_max` and `per_address_max`: open
    connections; those of the networks `trusted` are not counted by address.
    """

    per_address_max: int
    trusted: tuple[str, ...] = ()
    total_max: int = 2_000
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    unread_seconds: float = 30.0
    unread_bytes: int = 30_000


class Connections:
    """The open connections of a service.

    While there is room for no more, a new one takes the place of the oldest that waits for its
    caller's request, whose client connects again.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._networks = [ip_network(network) for network in limits.trusted]
        self._open: dict[Connection, bytes | None] = {}
        self._ends: deque[Callable[[], None]] = deque()
        self._by_address: Counter[bytes | None] = Counter()

    def admit(self, connection: "Connection", peer: str) -> int:
        """0 if the connection is admitted, and counted until `release`; else the status: 429, 503.

        `peer` is the address it comes from; empty if it has none.
        """
        address = self._address(peer)
        if address is not None and self._by_address[address] >= self.limits.per_address_max:
            return 429
        if len(self._open) >= self.limits.total_max and not self._make_room():
            return 503
        self._open[connection] = address
        self._by_address[address] += 1
        return 0

    def release(self, connection: "Connection") -> None:
        """Repeating it changes nothing."""
        if connection in self._open:
            address = self._open.pop(connection)
            self._by_address[address] -= 1
            if not self._by_address[address]:
                del self._by_address[address]

    def end(self, end: Callable[[], None]) -> None:
        """Calls `end` soon, after those that came before."""
        self._ends.append(end)
        if len(self._ends) == 1:
            get_running_loop().call_soon(self._end_some)

    def _end_some(self) -> None:
        some = [self._ends.popleft() for _ in range(min(ENDS_AT_ONCE, len(self._ends)))]
        if self._ends:
            get_running_loop().call_soon(self._end_some)
        for end in some:
            end()

    def _address(self, peer: str) -> bytes | None:
        """None if the address is a trusted proxy's, which speaks for many callers."""
        address = read(peer)
        if address is None:
            return b""
        if any(address in network for network in self._networks):
            return None
        return caller_part(address)

    def _make_room(self) -> bool:
        for connection, address in self._open.items():
            if address is not None and connection.is_waiting:
                self.release(connection)
                connection.transport.abort()
                return True
        return False


class Connection(HttpToolsProtocol):
    """One connection. uvicorn itself only limits how long one is idle between two requests."""

    def __init__(self, connections: Connections, **options: Any) -> None:
        super().__init__(**options)
        self._connections = connections
        self._limits = connections.limits
        self._is_refused = False
        self._is_in_head = True
        self._unparsed_bytes = 0
        self._timer: TimerHandle | None = None
        self._unread_timer: TimerHandle | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a request, or the rest of one, has yet to arrive."""
        is_answering = self.cycle is not None and not self.cycle.response_complete
        return not is_answering or (not self._is_in_head and not self.cycle.response_started)

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        self.transport = transport
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        if status := self._connections.admit(self, address):
            self._is_refused = True
            self._refuse(status)
            return
        super().connection_made(transport)
        self._start_timer(self._limits.head_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.release(self)
        self._stop_timer()
        self._stop_unread_timer()
        if self._is_refused:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            # Until it learns of the end, whatever it sends is dropped.
            self.cycle.disconnected = True
        self._connections.end(partial(super().connection_lost, exc))

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._is_in_head and self._timer is None:
            self._start_timer(self._limits.head_seconds)
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._unparsed_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._refuse(431)

    def on_message_begin(self) -> None:
        if self._timer is None:
            self._start_timer(self._limits.head_seconds)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            raise ValueError("too many requests wait for the answer to an earlier one")
        self._unparsed_bytes = 0
        self._is_in_head = False
        self._start_timer(self._limits.body_seconds)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._unparsed_bytes = 0
        self._is_in_head = True
        self._stop_timer()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_unread()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_unread_timer()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_unread()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._watch_unread()

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._refuse, 408)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watch_unread(self) -> None:
        """Ends the connection later, unless the caller reads: closing it waits for that."""
        self._stop_unread_timer()
        left = self.transport.get_write_buffer_size()
        self._unread_timer = self.loop.call_later(
            self._limits.unread_seconds, self._check_unread, left
        )

    def _check_unread(self, before: int) -> None:
        if self.transport.get_write_buffer_size() > before - self._limits.unread_bytes:
            self.transport.abort()
        else:
            self._watch_unread()

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _refuse(self, status: int) -> None:
        """Ends the connection, with an answer unless one has begun, or nothing was asked."""
        self._stop_timer()
        is_asking = self._unparsed_bytes > 0 if self._is_in_head else True
        has_begun = self.cycle is not None and self.cycle.response_started
        if self._is_refused or (is_asking and (self._is_in_head or not has_begun)):
            reason = _STATUS[status]
            retry = "Retry-After: 2\r\n" if status in (429, 503) else ""
            self.transport.write(
                f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n{retry}"
                f"Content-Type: text/plain\r\nContent-Length: {len(reason) + 1}\r\n\r\n"
                f"{reason}\n".encode()
            )
        self.transport.close()
        self._watch_unread()
