"""What the orders of funnels come to, by the plainest program that can; days in UTC."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

Event = Mapping[str, Any]
Leaves = dict[str, dict[str, Any]]
"""By document, each number that is not 0 and each name, by its path."""


def funnel_revenue(events: Iterable[Event]) -> Leaves:
    """Each order's events in the log's order, booked at the end; ids need no encoding here."""
    orders: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        orders[event["data"]["order_id"]].append(event)
    days: Leaves = defaultdict(lambda: defaultdict(int))
    for history in orders.values():
        _book(history, days)
    return without_zeros(days)


def _book(history: list[Event], days: Leaves) -> None:
    created = next((e for e in history if e["event_type"] == "order.created"), None)
    paid = next((e for e in history if e["event_type"] == "order.payment_succeeded"), None)
    if not created or not paid or "funnel_id" not in created["data"]:
        return
    sources = [e["data"].get("source") for e in history]
    keys = {
        "by_source": next(filter(None, reversed(sources)), "unattributed"),
        "by_step": created["data"].get("step_id", "unattributed"),
    }
    of = f"{created.get('organization_id', 'default')}:{created['data']['funnel_id']}"
    currency, left = paid["data"]["currency"], paid["data"]["amount_cents"]
    lines = sorted(_lines(created).items())
    weights = [sum(n * price for n, price, _ in several) for _, several in lines]

    def book(event: Event, what: str, cents: int) -> dict[str, Any]:
        nonlocal weights
        day = days[f"{of}:{event['occurred_at'][:10]}"]
        total = {"revenue_cents": "gross_revenue_cents"}.get(what, what)
        day[f"{currency}.{total}"] += cents
        for field, key in keys.items():
            day[f"{currency}.{field}.{key}.{what}"] += cents
        shares = _divided(cents, weights)
        for (product, _), share in zip(lines, shares, strict=True):
            day[f"{currency}.products.{product}.{what}"] += share
        if not any(shares):
            day[f"{currency}.products.unattributed.{what}"] += cents
        weights = shares if what == "revenue_cents" else _less(weights, shares)
        return day

    day = book(paid, "revenue_cents", left)
    day["orders"] += 1
    for field, key in keys.items():
        day[f"{field}.{key}.orders"] += 1
    for product, several in lines:
        units = sum(n for n, _, _ in several)
        day["units"] += units
        day[f"products.{product}.units"] += units
        name = f"products.{product}.name"
        day[name] = max(day[name] or "", *(called for _, _, called in several))
    for event in history:
        booked = min(event["data"].get("refund_cents", 0), left)
        if booked:
            is_first = left == paid["data"]["amount_cents"]
            book(event, "refunded_cents", booked)["refunded_orders"] += is_first
        left -= booked


def _lines(created: Event) -> dict[str, list[tuple[int, int, str]]]:
    products = defaultdict(list)
    for item in created["data"].get("items", ()):
        line = item["quantity"], item["price_cents"], item.get("product_name", "")
        products[item["product_id"]].append(line)
    return products


def _divided(cents: int, weights: list[int]) -> list[int]:
    """By largest remainder, the first product first."""
    if not sum(weights):
        return [0] * len(weights)
    exact = [Fraction(cents * weight, sum(weights)) for weight in weights]
    whole = [int(part) for part in exact]
    most = sorted(range(len(exact)), key=lambda i: whole[i] - exact[i])
    for index in most[: cents - sum(whole)]:
        whole[index] += 1
    return whole


def _less(weights: list[int], shares: list[int]) -> list[int]:
    return [weight - share for weight, share in zip(weights, shares, strict=True)]


def leaves(documents: Iterable[Mapping[str, Any]]) -> Leaves:
    """Stored documents in the same form; money as it stands in the currencies."""
    return {
        document["_id"]: {
            path: value
            for name in ("refunded_orders", "orders", "units", "by_source", "by_step", "products")
            for path, value in _flat(name, document.get(name))
            if not path.endswith("_cents")
        }
        | {
            path: value
            for currency, amounts in document["currencies"].items()
            for name, amount in amounts.items()
            if name not in ("orders", "net_revenue_cents")
            for path, value in _flat(f"{currency}.{name}", amount)
        }
        for document in documents
    }


def _flat(path: str, value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _flat(f"{path}.{name}", each)
    elif value:
        yield path, value


def without_zeros(documents: Leaves) -> Leaves:
    found = {name: {p: v for p, v in day.items() if v} for name, day in documents.items()}
    return {name: day for name, day in found.items() if day}
