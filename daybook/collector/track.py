"""`POST /api/v1/analytics/track`: authenticates, limits, validates, enriches and sends events."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from time import perf_counter
from typing import Any

from fastapi import Request, Response

from daybook.collector import metrics
from daybook.collector.arrival import Arrival, arrival
from daybook.collector.body import Call, parse, read
from daybook.collector.client.caller import Caller, Callers, presented_key
from daybook.collector.enrich import Enricher, count_bots
from daybook.collector.event import (
    HAS_CONTEXT,
    MONEY,
    Invalid,
    check_type,
    envelope,
    message,
    validated,
)
from daybook.collector.invalid_log import InvalidLog
from daybook.collector.names.name_cap import NameCap
from daybook.collector.response import Refusal, json_response, refusal_response, unavailable
from daybook.engine.errors import Unavailable
from daybook.engine.kafka.async_producer import AsyncProducer
from daybook.service.api_keys import Key
from daybook.service.key_cache import KeyCache
from daybook.service.rate_limit import RateDecision, RateLimiter

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
        caller = self._callers.read(request, await self._key(request))
        try:
            call = parse(await read(request))
        except Refusal:
            await self._limit(caller, 1)
            raise
        decision = await self._limit(caller, len(call.events))
        checked = self._validate(call, caller, arrived, decision.is_suspect)
        if not caller.is_server:
            for event in checked.events:
                await self._name_cap.apply(
                    caller.key.organization_id, event["data"], arrived.at.date()
                )
        messages = list(map(message, checked.events))
        acks = await self._producer.send(messages) if messages else []
        return self._response(call, checked, acks)

    async def _key(self, request: Request) -> Key:
        text = presented_key(request)
        try:
            key = await self._keys.get(text)
        except Unavailable:
            raise unavailable("keys cannot be checked at the moment") from None
        if key is None:
            headers = {"WWW-Authenticate": 'Bearer realm="daybook"'}
            reason = "no such key for tracking" if text else "a key is required: X-Daybook-Key"
            raise Refusal(401, reason, headers)
        return key

    async def _limit(self, caller: Caller, events: int) -> RateDecision:
        if caller.is_server:
            return RateDecision(0, is_suspect=False)
        decision = await self._rate.take(caller.bucket, events)
        if decision.wait_ms:
            metrics.EVENTS.labels("limited").inc(events)
            seconds = ceil(decision.wait_ms / 1_000)
            raise Refusal(429, "rate limit exceeded", {"Retry-After": str(seconds)})
        if not decision.is_known:
            metrics.UNLIMITED.inc(events)
        return decision

    def _validate(self, call: Call, caller: Caller, arrived: Arrival, suspect: bool) -> Validated:
        checked = Validated([], [], [])
        for position, fields in enumerate(call.events):
            try:
                event = self._event(fields, caller, arrived, call.sent_at, suspect)
                checked.events.append(validated(event))
            except Invalid as invalid:
                checked.results.append({"status": "invalid", "errors": invalid.errors})
                self._invalid_log.add(caller.key, invalid.errors)
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
