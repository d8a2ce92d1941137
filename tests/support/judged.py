"""The results of tests, computed from the events of a log alone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from daybook.engine.moment import parse_moment
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry
from daybook.simulate.answer.keys import event_key

AFTER = timedelta(days=14)


@dataclass
class Outcome:
    """Of a variant: visitors, those who converted and those who saw several variants; money."""

    visitors: int = 0
    conversions: int = 0
    multiple: int = 0
    cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))


class Life(NamedTuple):
    funnel: str
    start: datetime | None
    end: datetime | None


def judged(
    entries: Iterable[Entry],
    organization: str,
    test: str,
    orders: Iterable[dict[str, Any]] | None = None,
) -> dict[str, Outcome]:
    """By variant, over the whole life of the test.

    `orders`: documents of `orders`, whose money counts then, instead of the conversions' values.
    """
    visitors: dict[str, list[dict[str, Any]]] = defaultdict(list)
    life, known = Life("", None, None), set()
    for entry in entries:
        event, data = entry.event, entry.event["data"]
        if event.get("organization_id", "default") != organization:
            continue
        if event_key(event["event_id"]) in known:
            continue
        known.add(event_key(event["event_id"]))
        if entry.topic == FUNNELS and data.get("test_id") == test:
            at = _moment(event)
            is_start = event["event_type"] == "ab_test.started"
            life = Life(data["funnel_id"], life.start or at, None if is_start else at)
        if entry.topic == TRACKING and "visitor_id" in data and not _is_bot(data):
            visitors[data["visitor_id"]].append(event)
    bought: dict[str, list[dict[str, Any]]] | None = None if orders is None else defaultdict(list)
    for order in orders or ():
        if (order["organization_id"], order["funnel_id"]) == (organization, life.funnel):
            assert bought is not None
            bought[order["visitor_id"]].append(order)
    found: dict[str, Outcome] = defaultdict(Outcome)
    for visitor, events in visitors.items():
        of_visitor = None if bought is None else bought[visitor]
        _judge(found, sorted(events, key=_moment), test, life, of_visitor)
    return found


def _judge(
    found: dict[str, Outcome],
    events: list[dict[str, Any]],
    test: str,
    life: Life,
    orders: list[dict[str, Any]] | None,
) -> None:
    exposures = [
        event
        for event in events
        if event["data"].get("test_id") == test and _is_within(_moment(event), life)
    ]
    if not exposures:
        return
    outcome = found[exposures[0]["data"]["variant_id"]]
    if len({event["data"]["variant_id"] for event in exposures}) > 1:
        outcome.multiple += 1
        return
    first = _moment(exposures[0])
    last = life.end + AFTER if life.end else datetime.max.replace(tzinfo=UTC)
    outcome.visitors += 1
    conversions = [
        event["data"]
        for event in events
        if event["event_type"] == "conversion"
        and event["data"]["funnel_id"] == life.funnel
        and first <= _moment(event) <= last
    ]
    outcome.conversions += bool(conversions)
    if orders is None:
        for data in conversions:
            outcome.cents[data.get("currency", "XXX")] += data.get("value_cents", 0)
        return
    for order in orders:
        if first <= order["created_at"] <= last:
            outcome.cents[order["currency"]] += order["paid_cents"] - order["refunded_cents"]


def _is_within(at: datetime, life: Life) -> bool:
    return (life.start is None or life.start <= at) and (life.end is None or at <= life.end)


def _is_bot(data: dict[str, Any]) -> bool:
    return bool(data.get("context", {}).get("bot"))


def _moment(event: dict[str, Any]) -> datetime:
    return parse_moment(event["occurred_at"])
