"""A call's body: read within bounds, unpacked within bounds, taken apart into events."""

import asyncio
import zlib
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request

from daybook.collector.response import Refusal, TooLarge

BODY_BYTES_MAX = 2**20
EVENTS_MAX = 500
BODY_SECONDS = 20.0

_TOO_LARGE = f"a body may have {BODY_BYTES_MAX:,} bytes, unpacked as well"


@dataclass(frozen=True, slots=True)
class Call:
    """`events` as they were sent, each whatever JSON it is; `sent_at` of all that have none."""

    events: list[Any]
    is_batch: bool
    sent_at: Any = None


async def read(request: Request) -> bytes:
    """The body, unpacked if it is gzip. Raises Refusal: 400, 408, 413, 415; reads no more then."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_BYTES_MAX:
        raise TooLarge(_TOO_LARGE)
    unpack = _unpacker(request.headers.get("content-encoding", ""))
    body = bytearray()
    received = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                received += len(chunk)
                body += unpack.take(chunk, BODY_BYTES_MAX + 1 - len(body)) if unpack else chunk
                if max(received, len(body)) > BODY_BYTES_MAX:
                    raise TooLarge(_TOO_LARGE)
    except ClientDisconnect:
        raise Refusal(400, "the body ended early") from None
    except TimeoutError:
        raise Refusal(408, "the body took too long", {"Connection": "close"}) from None
    if unpack:
        unpack.end()
    return bytes(body)


def take_apart(body: bytes) -> Call:
    """The events in a body. Raises Refusal: 400, 413, 422."""
    try:
        found = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refusal(400, f"not JSON: {error}") from None
    if isinstance(found, dict) and "events" not in found:
        return Call([found], is_batch=False)
    events, sent_at = (
        (found.get("events"), found.get("sent_at")) if isinstance(found, dict) else (found, None)
    )
    if not isinstance(events, list) or not events:
        what = "must be an event, an array of events, or an object whose `events` is one"
        if events == []:
            what = "has no events: send one at least"
        raise Refusal(422, what, more={"errors": [{"field": "events", "message": what}]})
    if len(events) > EVENTS_MAX:
        raise Refusal(413, f"a batch may have {EVENTS_MAX} events; this one has {len(events)}")
    return Call(events, True, sent_at)


def _unpacker(encoding: str) -> "_Gzip | None":
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Gzip()
    raise Refusal(415, "a body may be plain or gzip", {"Accept-Encoding": "gzip"})


class _Gzip:
    """Unpacks as it comes, and never more than is asked for: a small body may hold gigabytes."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def take(self, chunk: bytes, bytes_max: int) -> bytes:
        try:
            found = self._inflate.decompress(chunk, bytes_max)
        except zlib.error:
            raise Refusal(400, "not gzip, as its Content-Encoding says") from None
        if self._inflate.unconsumed_tail and len(found) >= bytes_max:
            raise TooLarge(_TOO_LARGE)
        return found

    def end(self) -> None:
        if not self._inflate.eof or self._inflate.unused_data:
            raise Refusal(400, "not one whole gzip stream")
