"""Reads, decompresses and parses the body of a tracking call, within limits."""

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

_TOO_LARGE = f"the body must not exceed {BODY_BYTES_MAX:,} bytes, also after decompression"


@dataclass(frozen=True, slots=True)
class Call:
    """`events` are unchecked JSON values; `sent_at` is for events that have none of their own."""

    events: list[Any]
    is_batch: bool
    sent_at: Any = None


async def read(request: Request) -> bytes:
    """The body, decompressed if it is gzip.

    Raises Refusal with 400, 408, 413 or 415, and stops reading then.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_BYTES_MAX:
        raise TooLarge(_TOO_LARGE)
    decompressor = _decompressor(request.headers.get("content-encoding", ""))
    body = bytearray()
    received = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                received += len(chunk)
                if decompressor:
                    body += decompressor.decompress(chunk, BODY_BYTES_MAX + 1 - len(body))
                else:
                    body += chunk
                if max(received, len(body)) > BODY_BYTES_MAX:
                    raise TooLarge(_TOO_LARGE)
    except ClientDisconnect:
        raise Refusal(400, "the body is incomplete") from None
    except TimeoutError:
        reason = f"the body did not arrive within {BODY_SECONDS:.0f} s"
        raise Refusal(408, reason, {"Connection": "close"}) from None
    if decompressor:
        decompressor.end()
    return bytes(body)


def parse(body: bytes) -> Call:
    """The events in a body. Raises Refusal with 400, 413 or 422."""
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise Refusal(400, f"not JSON: {error}") from None
    if isinstance(value, dict) and "events" not in value:
        return Call([value], is_batch=False)
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
    return Call(events, True, sent_at)


def _decompressor(encoding: str) -> "_Gzip | None":
    match encoding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Gzip()
    reason = "unknown Content-Encoding: send the body uncompressed or as gzip"
    raise Refusal(415, reason, {"Accept-Encoding": "gzip"})


class _Gzip:
    """Decompresses chunk by chunk, up to a limit: a small body may expand to gigabytes."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(wbits=31)

    def decompress(self, chunk: bytes, bytes_max: int) -> bytes:
        try:
            output = self._inflate.decompress(chunk, bytes_max)
        except zlib.error:
            reason = "the body is not gzip, although its Content-Encoding says so"
            raise Refusal(400, reason) from None
        if self._inflate.unconsumed_tail and len(output) >= bytes_max:
            raise TooLarge(_TOO_LARGE)
        return output

    def end(self) -> None:
        if not self._inflate.eof or self._inflate.unused_data:
            raise Refusal(400, "the body is not exactly one gzip stream")
