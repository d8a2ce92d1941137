"""`POST /api/v1/analytics/track`: authenticates, limits, validates, enriches and sends events."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from time import perf_counter
from typing import Any

import structlog
from fastapi import Request, Response

from daybook.collector import metrics
from daybook.collector.arrival import Arrival, arrival
from daybook.collector.body import (
    LARGE_BYTES,
    BodyMemory,
    Call,
    decompress,
    is_gzip,
    parse,
    read,
)
from daybook.collector.client.caller import Caller, Callers, presented_key
from daybook.collector.enrich import Enricher, count_bots
from daybook.collector.event import (
    HAS_CONTEXT,
    MONEY,
    FieldErrors,
    Invalid,
    check_text,
    check_type,
    envelope,
    message,
    validated,
)
from daybook.collector.invalid_log import InvalidLog
from daybook.collector.names.name_cap import NameCap
from daybook.collector.response import (
    Disconnected,
    Refusal,
    json_response,
    refusal_response,
    unavailable,
)
from daybook.engine.errors import Unavailable
from daybook.engine.kafka.async_producer import AsyncProducer
from daybook.service.address import Address
from daybook.service.api_keys import Key
from daybook.service.key_cache import KeyCache, TooManyUnknown
from daybook.service.rate_limit import RateDecision, RateLimiter
from daybook.service.turns import Turns, Work

HEAVY_CALLS_MAX = 8
"""Calls with a large or compressed body whose values are in memory, some 10 MB each, at a time."""

_log = structlog.get_logger()
_OPTED_OUT = {"status": "ignored", "reason": "the caller has opted out of tracking"}


@dataclass(frozen=True, slots=True)
class Validated:
    """A call's `results`, one per event, and its valid `events`.

    `positions` belong to the events: each one's index in `results`.
    """

    results: list[dict[str, Any]]
    events: list[dict[str, Any]]
    positions: list[int]


class Tracker:
    def __init__(
        self,
        callers: Callers,
        enricher: Enricher,
        keys: KeyCache,
        rate: RateLimiter,
        name_cap: NameCap,
        producer: AsyncProducer,
        currency: str,
    ) -> None:
        self._callers = callers
        self._enricher = enricher
        self._keys = keys
        self._rate = rate
        self._name_cap = name_cap
        self._producer = producer
        self._currency = currency
        self._memory = BodyMemory()
        self._heavy = Turns(HEAVY_CALLS_MAX)
        self._turns = Turns()
        self._invalid_log = InvalidLog()

    async def track(self, request: Request) -> Response:
        began = perf_counter()
        try:
            response = await self._track(request)
        except Refusal as refusal:
            response = refusal_response(refusal)
        metrics.REQUESTS.labels(str(response.status_code)).inc()
        metrics.REQUEST_SECONDS.observe(perf_counter() - began)
        return response

    async def _track(self, request: Request) -> Response:
        if "1" in (request.headers.get("dnt"), request.headers.get("sec-gpc")):
            metrics.DO_NOT_TRACK.inc()
            return json_response(202, _OPTED_OUT)
        arrived = arrival(datetime.now(UTC))
        address = self._callers.address(request)
        bucket = self._callers.bucket(address)
        key = await self._key(request, bucket)
        with self._memory.hold(bucket) as body:
            try:
                await read(request, body)
            except Disconnected:
                raise  # without asking Redis: thousands may go at once, and have sent no event
            except Refusal:
                await self._limit(key, bucket, 1)
                raise
            is_heavy = is_gzip(request) or len(body.content) > LARGE_BYTES
            async with AsyncExitStack() as stack:
                if is_heavy:
                    await stack.enter_async_context(self._heavy.turn(bucket))
                call, checked = await self._read_events(
                    request, bytes(body.content), key, address, bucket, arrived
                )
        messages = list(map(message, checked.events))
        acks = await self._producer.send(messages) if messages else []
        return self._response(call, checked, acks)

    async def _read_events(
        self,
        request: Request,
        body: bytes,
        key: Key,
        address: Address | None,
        bucket: str,
        arrived: Arrival,
    ) -> tuple[Call, Validated]:
        try:
            call = await self._parse(body, is_gzip(request), bucket)
        except Refusal:
            await self._limit(key, bucket, 1)
            raise
        decision = await self._limit(key, bucket, len(call.events))
        async with Work(self._turns, bucket) as work:
            if key.kind != "server":
                await work.pause(self._callers.is_new_agent(request.headers.get("user-agent")))
            caller = self._callers.read(request, key, address)
            checked = await self._validate(call, caller, arrived, decision.is_suspect, work)
        if not caller.is_server:
            for event in checked.events:
                await self._name_cap.apply(key.organization_id, event["data"], arrived.at.date())
        return call, checked

    async def _key(self, request: Request, bucket: str) -> Key:
        text = presented_key(request)
        try:
            key = await self._keys.get(text, bucket)
        except Unavailable:
            raise unavailable("keys cannot be checked at the moment") from None
        except TooManyUnknown as limited:
            headers = {"Retry-After": str(ceil(limited.wait_seconds))}
            raise Refusal(429, "too many unknown keys from this address", headers) from None
        if key is None:
            headers = {"WWW-Authenticate": 'Bearer realm="daybook"'}
            reason = "no such key for tracking" if text else "a key is required: X-Daybook-Key"
            raise Refusal(401, reason, headers)
        return key

    async def _limit(self, key: Key, bucket: str, events: int) -> RateDecision:
        if key.kind == "server":
            return RateDecision(0, is_suspect=False)
        decision = await self._rate.take(bucket, events)
        if decision.wait_ms:
            metrics.EVENTS.labels("limited").inc(events)
            seconds = ceil(decision.wait_ms / 1_000)
            raise Refusal(429, "rate limit exceeded", {"Retry-After": str(seconds)})
        if not decision.is_known:
            metrics.UNLIMITED.inc(events)
        return decision

    async def _parse(self, body: bytes, is_compressed: bool, bucket: str) -> Call:
        async with Work(self._turns, bucket) as work:
            await work.pause(is_compressed or len(body) > LARGE_BYTES)
            return parse(decompress(body) if is_compressed else body)

    async def _validate(
        self, call: Call, caller: Caller, arrived: Arrival, suspect: bool, work: Work
    ) -> Validated:
        checked = Validated([], [], [])
        for position, fields in enumerate(call.events):
            agent = fields.get("user_agent") if isinstance(fields, dict) else None
            await work.pause(self._callers.is_new_agent(agent))
            try:
                if not call.is_text:
                    check_text(fields)
                event = self._event(fields, caller, arrived, call.sent_at, suspect)
                checked.events.append(validated(event))
            except Exception as error:
                # No variable may hold the error: its trace holds this frame, and so the whole call
                # until the collector of cycles comes by, which is after hundreds of such calls.
                errors = error.errors if isinstance(error, Invalid) else _unreadable(error)
                checked.results.append({"status": "invalid", "errors": errors})
                self._invalid_log.add(caller.key, errors)
                continue
            checked.results.append({"status": "accepted", "event_id": event["event_id"]})
            checked.positions.append(position)
        metrics.EVENTS.labels("invalid").inc(len(call.events) - len(checked.events))
        return checked

    def _event(
        self, fields: Any, caller: Caller, arrived: Arrival, sent_at: Any, suspect: bool
    ) -> dict[str, Any]:
        """The event as it is sent to Kafka. Raises Invalid."""
        event_type = check_type(fields, caller.is_server)
        event = envelope(fields, event_type, caller.key.organization_id, arrived, sent_at)
        data = event["data"]
        if event_type in HAS_CONTEXT:
            origin = self._enricher.origin(fields)
            data["context"] = self._enricher.context(fields, caller, origin, arrived, suspect)
            if event_type == "page_view" and "page" not in data and origin.path:
                data["page"] = origin.path
        if event_type in MONEY and "value_cents" in data:
            data.setdefault("currency", self._currency)
        return event

    def _response(self, call: Call, checked: Validated, acks: list[bool]) -> Response:
        """202 if Kafka has stored all valid events; 422 if none is valid. Raises Refusal: 503."""
        for position, acknowledged, event in zip(
            checked.positions, acks, checked.events, strict=True
        ):
            if acknowledged:
                count_bots(event["data"].get("context", {}).get("bot", []))
            else:
                checked.results[position]["status"] = "unavailable"
        missing = acks.count(False)
        metrics.EVENTS.labels("accepted").inc(len(acks) - missing)
        metrics.EVENTS.labels("unavailable").inc(missing)
        content: dict[str, Any] = checked.results[0]
        if call.is_batch:
            counts = {"accepted": len(acks) - missing, "invalid": len(call.events) - len(acks)}
            content = counts | {"results": checked.results}
        if missing:
            raise unavailable("Kafka did not store every event", content)
        return json_response(202 if acks else 422, content)


def _unreadable(error: Exception) -> FieldErrors:
    """For an event that our code fails on: the others of its batch are still accepted."""
    # Not the message, because it may contain a value.
    trace = RuntimeError, RuntimeError(type(error).__name__), error.__traceback__
    _log.error("an event could not be read", kind=type(error).__name__, exc_info=trace)
    return Invalid(("", "cannot be read")).errors
