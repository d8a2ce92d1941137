"""Reads, decompresses and parses the body of a tracking call, within limits."""

import asyncio
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request

from daybook.collector.response import Disconnected, Refusal, TooLarge, unavailable

BODY_BYTES_MAX = 2**20
EVENTS_MAX = 500
BODY_SECONDS = 20.0
VALUES_MAX = 50_000
"""A hundred for each event of the largest batch. A value of two bytes takes a hundred in memory."""

LARGE_BYTES = 2**16
"""What browsers can send when a page is left; a larger body comes from a server, or a stranger."""

BODIES_BYTES_MAX = 2**26
"""Of all bodies that wait or arrive at the same time, beyond which large ones are refused; 2,000
connections could send thirty times as much. As much again may be in the connections' buffers."""

_GZIP = ("gzip", "x-gzip")
_LENGTH_DIGITS_MAX = 20
_STRUCTURE = (b",", b"[", b"{")
_TOO_LARGE = f"the body must not exceed {BODY_BYTES_MAX:,} bytes, also after decompression"


@dataclass(frozen=True, slots=True)
class Call:
    """`events` are unchecked JSON values; `sent_at` is for events that have none of their own.

    `is_text`: no string has a lone surrogate, which stands for half a character or a wrong byte.
    """

    events: list[Any]
    is_batch: bool
    sent_at: Any
    is_text: bool


class BodyMemory:
    """Counts the bytes of the bodies that a collector holds, each within a `hold`.

    Of the large ones, no caller has more than a quarter.
    """

    def __init__(self, bytes_max: int = BODIES_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._by_caller: Counter[str] = Counter()

    @contextmanager
    def hold(self, caller: str) -> Iterator["HeldBody"]:
        body = HeldBody(self, caller)
        try:
            yield body
        finally:
            self._bytes -= len(body.content)
            self._by_caller[caller] -= len(body.content)
            if not self._by_caller[caller]:
                del self._by_caller[caller]

    def add(self, body: "HeldBody", chunk: bytes) -> None:
        """Raises Refusal with 503 for a large body, while there is no room for it.

        The rest of such a body is not even read.
        """
        total = self._bytes + len(chunk)
        own = self._by_caller[body.caller] + len(chunk)
        is_large = len(body.content) + len(chunk) > LARGE_BYTES
        if is_large and (total > self._bytes_max or own > self._bytes_max // 4):
            raise unavailable("too many large bodies at the moment", ends_connection=True)
        self._bytes, self._by_caller[body.caller] = total, own
        body.content += chunk


class HeldBody:
    """A body that is counted while it is held."""

    def __init__(self, memory: BodyMemory, caller: str) -> None:
        self._memory = memory
        self.caller = caller
        self.content = bytearray()

    def add(self, chunk: bytes) -> None:
        self._memory.add(self, chunk)


async def read(request: Request, body: HeldBody) -> None:
    """Reads the body as it was sent.

    Raises Refusal with 400, 408, 413, 415 or 503, and stops reading then.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > _LENGTH_DIGITS_MAX or int(length) > BODY_BYTES_MAX):
        raise TooLarge(_TOO_LARGE)
    if _encoding(request) not in ("", "identity", *_GZIP):
        reason = "unknown Content-Encoding: send the body uncompressed or as gzip"
        raise Refusal(415, reason, {"Accept-Encoding": "gzip"})
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body.add(chunk)
                if len(body.content) > BODY_BYTES_MAX:
                    raise TooLarge(_TOO_LARGE)
    except ClientDisconnect:
        raise Disconnected from None
    except TimeoutError:
        reason = f"the body did not arrive within {BODY_SECONDS:.0f} s"
        raise Refusal(408, reason, {"Connection": "close"}) from None


def is_gzip(request: Request) -> bool:
    return _encoding(request) in _GZIP


def decompress(body: bytes) -> bytes:
    """The content of a gzip stream, in bounded memory. Raises Refusal with 400 or 413."""
    inflate = zlib.decompressobj(wbits=31)
    try:
        content = inflate.decompress(body, BODY_BYTES_MAX + 1)
    except zlib.error:
        reason = "the body is not gzip, although its Content-Encoding says so"
        raise Refusal(400, reason) from None
    if len(content) > BODY_BYTES_MAX:
        raise TooLarge(_TOO_LARGE)
    if not inflate.eof or inflate.unused_data:
        raise Refusal(400, "the body is not exactly one gzip stream")
    return content


def parse(body: bytes) -> Call:
    """The events in a body. Raises Refusal with 400, 413 or 422."""
    value, is_text = _value(body)
    if isinstance(value, dict) and "events" not in value:
        return Call([value], False, None, is_text)
    events, sent_at = (
        (value.get("events"), value.get("sent_at")) if isinstance(value, dict) else (value, None)
    )
    if not isinstance(events, list) or not events:
        reason = "must be an event, an array of events, or an object with an array `events`"
        if events == []:
            reason = "has no events: send at least one"
        raise Refusal(422, reason, more={"errors": [{"field": "events", "message": reason}]})
    if len(events) > EVENTS_MAX:
        raise Refusal(
            413, f"a batch must not exceed {EVENTS_MAX} events; this one has {len(events)}"
        )
    return Call(events, True, sent_at, is_text)


def _value(body: bytes) -> tuple[Any, bool]:
    """The value of a JSON text, and whether all of its texts are text. Raises Refusal.

    What is wrong in one event must not refuse the others: bytes that are not UTF-8 and halves of
    characters (`\\ud83d`) become lone surrogates, which only that event is refused for.
    """
    if _values(body) > VALUES_MAX:
        raise Refusal(413, f"a body must not have more than {VALUES_MAX:,} values")
    try:
        return from_json(body, allow_inf_nan=False), True
    except ValueError as error:
        reason = f"not JSON: {error}"
    try:
        text = body.decode("utf-8", "surrogateescape")
        return json.loads(text, parse_constant=_refuse_constant), False
    except (ValueError, RecursionError):
        raise Refusal(400, reason) from None


def _values(body: bytes) -> int:
    """An upper bound of the number of values; strings are skipped only if they matter."""
    counted = _structure(body)
    if counted <= VALUES_MAX:
        return counted
    quotes = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # Each string is a value, or the name of one.
    if (strings := quotes.count(b'"') // 2) > 2 * VALUES_MAX:
        return strings // 2
    return _structure(b"".join(quotes.split(b'"')[::2]))


def _structure(text: bytes) -> int:
    return sum(map(text.count, _STRUCTURE))


def _refuse_constant(_: str) -> None:
    raise ValueError("NaN and Infinity are not JSON")


def _encoding(request: Request) -> str:
    return request.headers.get("content-encoding", "").strip().lower()
