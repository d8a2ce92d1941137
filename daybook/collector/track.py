"""`POST /api/v1/analytics/track`: a call's way, from its first byte to its answer."""

from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from time import perf_counter
from typing import Any

from fastapi import Request, Response

from daybook.collector import metrics
from daybook.collector.arrival import Arrival, arrival
from daybook.collector.body import Call, read, take_apart
from daybook.collector.client.caller import Caller, Callers, shown_key
from daybook.collector.enrich import Enricher, count_bots
from daybook.collector.event import HAS_CONTEXT, MONEY, Invalid, envelope, event_type, message
from daybook.collector.invalid_log import Complaints
from daybook.collector.response import Refusal, answer, refused, unavailable
from daybook.engine.errors import Unavailable
from daybook.engine.kafka.async_producer import AsyncProducer, Keyed
from daybook.service.api_keys import Key
from daybook.service.key_cache import KeyCache
from daybook.service.rate_limit import RateDecision, RateLimiter

_OPTED_OUT = {"status": "ignored", "reason": "the caller does not want to be tracked"}


@dataclass(frozen=True, slots=True)
class Taking:
    """A call's events as they were judged: `results` of all, `messages` of those that are right."""

    results: list[dict[str, Any]]
    messages: list[Keyed]
    positions: list[int]
    bots: list[list[str]]


class Tracker:
    def __init__(
        self,
        callers: Callers,
        enricher: Enricher,
        keyring: KeyCache,
        rate: RateLimiter,
        sender: AsyncProducer,
        currency: str,
    ) -> None:
        self._callers = callers
        self._enricher = enricher
        self._keyring = keyring
        self._rate = rate
        self._sender = sender
        self._currency = currency
        self._complaints = Complaints()

    async def track(self, request: Request) -> Response:
        began = perf_counter()
        try:
            response = await self._track(request)
        except Refusal as refusal:
            response = refused(refusal)
        metrics.REQUESTS.labels(str(response.status_code)).inc()
        metrics.REQUEST_SECONDS.observe(perf_counter() - began)
        return response

    async def _track(self, request: Request) -> Response:
        if "1" in (request.headers.get("dnt"), request.headers.get("sec-gpc")):
            metrics.DO_NOT_TRACK.inc()
            return answer(202, _OPTED_OUT)
        arrived = arrival(datetime.now(UTC))
        own = self._callers.read(request, await self._key(request))
        try:
            call = take_apart(await read(request))
        except Refusal:
            await self._limit(own, 1)
            raise
        taken = await self._limit(own, len(call.events))
        taking = self._judge(call, own, arrived, taken.is_suspect)
        has = await self._sender.send(taking.messages) if taking.messages else []
        return self._response(call, taking, has)

    async def _key(self, request: Request) -> Key:
        shown = shown_key(request)
        try:
            key = await self._keyring.get(shown)
        except Unavailable:
            raise unavailable("keys cannot be checked at the moment") from None
        if key is None:
            headers = {"WWW-Authenticate": 'Bearer realm="daybook"'}
            reason = "no such key for tracking" if shown else "a key is needed: X-Daybook-Key"
            raise Refusal(401, reason, headers)
        return key

    async def _limit(self, own: Caller, events: int) -> RateDecision:
        if own.is_server:
            return RateDecision(0, is_suspect=False)
        taken = await self._rate.take(own.bucket, events)
        if taken.wait_ms:
            metrics.EVENTS.labels("limited").inc(events)
            seconds = ceil(taken.wait_ms / 1_000)
            raise Refusal(429, "too many events", {"Retry-After": str(seconds)})
        if not taken.is_known:
            metrics.UNLIMITED.inc(events)
        return taken

    def _judge(self, call: Call, own: Caller, arrived: Arrival, suspect: bool) -> Taking:
        taking = Taking([], [], [], [])
        for position, flat in enumerate(call.events):
            try:
                event = self._event(flat, own, arrived, call.sent_at, suspect)
                taking.messages.append(message(event))
            except Invalid as invalid:
                taking.results.append({"status": "invalid", "errors": invalid.wrong})
                self._complaints.about(own.key, invalid.wrong)
                continue
            taking.results.append({"status": "accepted", "event_id": event["event_id"]})
            taking.positions.append(position)
            taking.bots.append(event["data"].get("context", {}).get("bot", []))
        metrics.EVENTS.labels("invalid").inc(len(call.events) - len(taking.messages))
        return taking

    def _event(
        self, flat: Any, own: Caller, arrived: Arrival, sent_at: Any, suspect: bool
    ) -> dict[str, Any]:
        """The event as it goes into the log. Raises Invalid."""
        named = event_type(flat, own.is_server)
        event = envelope(flat, named, own.key.organization_id, arrived, sent_at)
        data = event["data"]
        if named in HAS_CONTEXT:
            origin = self._enricher.origin(flat)
            data["context"] = self._enricher.context(flat, own, origin, arrived, suspect)
            if named == "page_view" and "page" not in data and origin.path:
                data["page"] = origin.path
        if named in MONEY and "value_cents" in data:
            data.setdefault("currency", self._currency)
        return event

    def _response(self, call: Call, taking: Taking, has: list[bool]) -> Response:
        """The answer: 202 when the broker has all that is right, and something is."""
        for position, acknowledged, bot in zip(taking.positions, has, taking.bots, strict=True):
            if acknowledged:
                count_bots(bot)
            else:
                taking.results[position]["status"] = "unavailable"
        missing = has.count(False)
        metrics.EVENTS.labels("accepted").inc(len(has) - missing)
        metrics.EVENTS.labels("unavailable").inc(missing)
        content: dict[str, Any] = taking.results[0]
        if call.is_batch:
            counts = {"accepted": len(has) - missing, "invalid": len(call.events) - len(has)}
            content = counts | {"results": taking.results}
        if missing:
            raise unavailable("the broker has not taken every event", content)
        return answer(202 if has else 422, content)
