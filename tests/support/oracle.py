"""What was published, counted by the plainest program that can: the truth where the log is gone."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Totals = dict[str, dict[str, int]]
"""By day, each counter that is not 0; money as `CUR.field`, splits as `CUR.field.key`."""

STAGES = {
    "order.created": "orders_created",
    "order.payment_initiated": "payments_initiated",
    "order.payment_succeeded": "payments_succeeded",
    "order.payment_failed": "payments_failed",
    "order.confirmed": "orders_confirmed",
    "order.shipped": "orders_shipped",
    "order.delivered": "orders_delivered",
    "order.cancelled": "orders_cancelled",
}


def order_funnel(events: Iterable[Mapping[str, Any]]) -> Totals:
    """Distinct events by stage. Days in UTC."""
    days: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        if field := STAGES.get(event["event_type"]):
            days[event["occurred_at"][:10]][field] += 1
    return _plain(days)


def revenue(events: Iterable[Mapping[str, Any]]) -> Totals:
    """Each order's events in the log's order, booked at the end: first payment, refunds, splits."""
    orders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for event in events:
        orders[event["data"]["order_id"]].append(event)
    days: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for history in orders.values():
        _book(history, days)
    return _plain(days)


def _book(history: list[Mapping[str, Any]], days: dict[str, dict[str, int]]) -> None:
    payments = [e for e in history if e["event_type"] == "order.payment_succeeded"]
    if not payments:
        return
    owners = {"community": "unattributed", "promotion": "unattributed"}
    for event in history:
        if event["event_type"] == "order.attribution_recorded":
            for split in owners:
                owners[split] = event["data"].get(f"{split}_id", owners[split])
    first, *others = payments
    for event in others:
        days[event["occurred_at"][:10]]["duplicate_payments"] += 1
    paid, currency = first["data"]["amount_cents"], first["data"]["currency"]
    _add(days[first["occurred_at"][:10]], currency, "revenue", paid, owners)
    days[first["occurred_at"][:10]]["paid_orders"] += 1
    left = paid
    for event in history:
        cents = event["data"].get("refund_cents", 0)
        day = days[event["occurred_at"][:10]]
        booked = min(cents, left)
        if booked:
            day["refunded_orders"] += left == paid
            _add(day, currency, "refunded", booked, owners)
        left -= booked
        if cents > booked:
            day[f"{currency}.refund_excess_cents"] += cents - booked


def _add(
    day: dict[str, int], currency: str, what: str, cents: int, owners: Mapping[str, str]
) -> None:
    total = {"revenue": "gross_revenue_cents", "refunded": "refunded_cents"}[what]
    day[f"{currency}.{total}"] += cents
    for split, owner in owners.items():
        day[f"{currency}.{what}_by_{split}.{owner}"] += cents


def totals(document: Mapping[str, Any]) -> dict[str, int]:
    """A stored day's counters, in the same form; what is derived is left to other tests."""
    found: dict[str, int] = {}
    many = "currencies" in document
    derived = ("net_revenue_cents", "average_order_value_cents")
    for name, value in document.items():
        money = many and (name.endswith("_cents") or "_by_" in name)
        if isinstance(value, int) and not money and not name.startswith("_"):
            found[name] = value
    for currency, values in document.get("currencies", {}).items():
        for name, value in values.items():
            if isinstance(value, dict):
                found |= {f"{currency}.{name}.{key}": cents for key, cents in value.items()}
            elif name not in (*derived, "paid_orders"):
                found[f"{currency}.{name}"] = value
    return {name: value for name, value in found.items() if value}


def _plain(days: Mapping[str, Mapping[str, int]]) -> Totals:
    counted = {day: {n: v for n, v in values.items() if v} for day, values in days.items()}
    return {day: values for day, values in counted.items() if values}
