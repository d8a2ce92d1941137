"""Generates, by a formula, the HTTP requests of browsers and servers to the collector."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any
from uuid import UUID

from daybook.collector.app import PATH

BATCH_EVENTS = 500
_VISITORS = 5_000
_PAGES = 40
_DIFFERENT_CALLS = 5_000
_DIFFERENT_BATCHES = 20
_SCATTER = 0x9E3779B97F4A7C15F39CC0605CEDC835
_AGENTS = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {browser} Safari/537.36"
    for system in (
        "Windows NT 10.0; Win64; x64",
        "Macintosh; Intel Mac OS X 10_15_7",
        "X11; Linux x86_64",
        "Linux; Android 14; Pixel 8",
        "iPhone; CPU iPhone OS 17_4 like Mac OS X",
    )
    for browser in (f"Chrome/{version}.0.0.0" for version in range(124, 132))
)
_REFERRERS = ("https://www.google.com/", "https://l.instagram.com/", "https://news.example/a", "")
_CAMPAIGNS = ("", "?utm_source=newsletter&utm_medium=email&utm_campaign=spring", "?gclid=x1")
_ACCEPTED = b'{"status":"accepted"'
_ALL_ACCEPTED = b'{"accepted":%d,"invalid":0,' % BATCH_EVENTS


@dataclass(frozen=True, slots=True)
class Call:
    """A prepared call. `request`: the bytes to send. `answer`: the required beginning of the
    response's body. `events`: how many events it contains."""

    request: bytes
    answer: bytes
    events: int
    status: int = 202


def singles(key: str, count: int) -> list[Call]:
    """Calls with one event each, with a write key, from many visitors' browsers and addresses."""
    some = [_single(key, number) for number in range(min(count, _DIFFERENT_CALLS))]
    return list(islice(cycle(some), count))


def batches(key: str, count: int) -> Iterator[Call]:
    """Calls with 500 events each, with a server key; the events name the visitors' browsers and
    addresses."""
    some = [_batch(key, number) for number in range(min(count, _DIFFERENT_BATCHES))]
    return islice(cycle(some), count)


def _single(key: str, number: int) -> Call:
    visitor = number * 7_919 % _VISITORS
    headers = {
        "User-Agent": _AGENTS[visitor % len(_AGENTS)],
        "Accept": "*/*",
        "Accept-Language": "de-DE,de;q=0.9,en;q=0.8",
        "Accept-Encoding": "gzip, deflate, br, zstd",
        "Content-Type": "text/plain;charset=UTF-8",
        "Origin": "https://shop.example",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Site": "cross-site",
        "X-Forwarded-For": _address(visitor),
        "X-Daybook-Key": key,
    }
    return Call(_post(headers, _event(number)), _ACCEPTED, 1)


def _batch(key: str, number: int) -> Call:
    events = []
    for index in range(number * BATCH_EVENTS, (number + 1) * BATCH_EVENTS):
        visitor = index * 7_919 % _VISITORS
        client = {"user_agent": _AGENTS[visitor % len(_AGENTS)], "ip_address": _address(visitor)}
        events.append(_event(index) | client)
    body = {"events": events, "sent_at": "2026-11-20T10:00:01.000Z"}
    return Call(_post({"X-Daybook-Key": key}, body), _ALL_ACCEPTED, BATCH_EVENTS)


def _event(number: int) -> dict[str, Any]:
    """A page view, step or conversion as `daybook.js` sends it; about 350 bytes."""
    visitor = number * 7_919 % _VISITORS
    page = f"https://shop.example/p/{number % _PAGES}{_CAMPAIGNS[visitor % len(_CAMPAIGNS)]}"
    event: dict[str, Any] = {
        "event_id": str(UUID(int=(number + 1) * _SCATTER % 2**128)),
        "event_type": "page_view",
        "visitor_id": f"visitor-{visitor:06d}",
        "session_id": f"session-{visitor:06d}-{number % 3}",
        "funnel_id": f"funnel-{visitor % 4}",
        "url": page,
        "referrer": _REFERRERS[visitor % len(_REFERRERS)],
        "occurred_at": f"2026-11-20T10:00:00.{number % 1_000:03d}Z",
        "sent_at": "2026-11-20T10:00:01.000Z",
    }
    match number % 10:
        case 5 | 6 | 7:
            event |= {"event_type": "step_entry", "funnel_step_id": f"step-{number % 5}"}
        case 8:
            left = {"funnel_step_id": f"step-{number % 5}", "exit_outcome": "forward"}
            event |= {"event_type": "step_exit", **left}
        case 9:
            worth = {"conversion_type": "purchase", "value_cents": 500 + number % 9_000}
            event |= {"event_type": "conversion", "currency": "EUR", **worth}
    return event


def _address(visitor: int) -> str:
    return f"10.{visitor // 65_536 % 256}.{visitor // 256 % 256}.{visitor % 256}"


def _post(headers: dict[str, str], body: Any) -> bytes:
    packed = json.dumps(body, separators=(",", ":")).encode()
    named = {"Host": "collect.example", **headers, "Content-Length": str(len(packed))}
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {text}" for name, text in named.items())]
    return "\r\n".join([*lines, "", ""]).encode() + packed
