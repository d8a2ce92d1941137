"""What an event says about a person: pure, of the event and the state of its key."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from daybook.engine.documents.fields import Event
from daybook.engine.documents.state import State
from daybook.segments.filters.profile import (
    ACCOUNT_ATTRIBUTES,
    ANY_EVENT,
    DELETED,
    GIVEN,
    OPENED,
    WITHDRAWN,
    kind,
)
from models.segment_keys import PRODUCTS_MAX, REFUNDS_MAX, WAITING_MAX
from schemas.envelope import organization_of
from schemas.filters import OF_ORDERS, OF_USERS, TRACKED, WHERE

Facts = dict[str, Any]
"""Some of: `at`, the time; `did`, kinds of events at that time; `before`, what an order's owner did
until the order was theirs, [[type, time]]; `attributes` {name: value}; `order` with its `id`;
`consent` or `account`, what changed; `join`, the user whose facts the visitor's are."""


class Item(NamedTuple):
    """Facts of one message about one person, `u:<user>` or `v:<visitor>` of an organization.

    A message has one item a person, so that the message's offset says whether it was applied.
    """

    organization: str
    person: str
    facts: Facts


_VISIT = {
    "device_type": "device_type",
    "browser": "browser",
    "os": "os",
    "channel": "channel",
    "source": "visit_source",
}
"""Fields of an event's context, each with the attribute that it gives."""

_ACCOUNT = {
    "user.created": OPENED,
    "user.reactivated": OPENED,
    "user.deleted": DELETED,
}
_REFUNDS = {
    "order.refunded": 1,
    "order.cancelled": 1,
    "order.refund_failed": -1,
    "order.dispute_won": -1,
}
_NEW_ORDER: dict[str, Any] = {
    "paid_at": None,
    "currency": None,
    "cents": 0,
    "refunds": [],
    "products": [],
}
_CONSENT = {"user.consent_given": GIVEN, "user.consent_withdrawn": WITHDRAWN}


def items(event: Event, at: int, state: State) -> Iterator[Item]:
    """The facts of an event that occurred `at` (ms since 1970); updates the state of its key."""
    organization, event_type = organization_of(event), event["event_type"]
    if event_type in TRACKED:
        found = _tracked(event, at, state)
    elif event_type.startswith("order."):
        found = _of_order(event, at, state)
    elif event_type.startswith("user."):
        found = _of_user(event, at)
    else:
        return
    for person, facts in found:
        yield Item(organization, person, facts)


def _tracked(event: Event, at: int, state: State) -> Iterator[tuple[str, Facts]]:
    data, context = event["data"], event["data"].get("context", {})
    if context.get("bot"):
        return
    visitor, user = f"v:{data['visitor_id']}", data.get("user_id")
    if user is not None:
        if not state["is_joined"]:
            state["is_joined"] = True
            yield visitor, {"join": f"u:{user}"}
        state["user_id"] = user
    person = visitor if state["user_id"] is None else f"u:{state['user_id']}"
    attributes = {name: context[field] for field, name in _VISIT.items() if context.get(field)}
    yield person, _did(event["event_type"], data, at) | _some("attributes", attributes)


def _did(event_type: str, data: Mapping[str, Any], at: int) -> Facts:
    kinds = [kind(event_type)]
    kinds += [kind(event_type, {name: data[name]}) for name in WHERE if name in data]
    return {"at": at, "did": [ANY_EVENT, *kinds]}


def _some(name: str, value: Any) -> Facts:
    return {name: value} if value else {}


def _of_user(event: Event, at: int) -> Iterator[tuple[str, Facts]]:
    data, event_type = event["data"], event["event_type"]
    facts: Facts = {"at": at}
    if event_type in OF_USERS:
        facts |= _did(event_type, data, at)
    if event_type == "user.created":
        own = {name: value for name, value in data.items() if name in ACCOUNT_ATTRIBUTES}
        facts |= _some("attributes", own)
    elif event_type == "user.role_changed":
        facts["attributes"] = {"role": data["new_role"]}
    if event_type in _ACCOUNT:
        facts["account"] = _ACCOUNT[event_type]
    if event_type in _CONSENT:
        facts["consent"] = _CONSENT[event_type]
    yield f"u:{data['user_id']}", facts
    if "visitor_id" in data and (event_type in _CONSENT or event_type in _ACCOUNT):
        same: Facts = {n: facts[n] for n in ("at", "account", "consent") if n in facts}
        yield f"v:{data['visitor_id']}", same


def _of_order(event: Event, at: int, state: State) -> Iterator[tuple[str, Facts]]:
    data, event_type = event["data"], event["event_type"]
    counts = event_type in OF_ORDERS and not _is_repeated(event_type, state)
    is_changed = _change(event_type, data, at, state)
    before: list[Any] = []
    if event_type == "order.created" and state["owner"] is None:
        state["owner"] = _owner(data)
        if state["owner"] is not None:
            before, state["waiting"], is_changed = state["waiting"], [], True
    if state["owner"] is None:
        if counts and len(state["waiting"]) < WAITING_MAX:
            state["waiting"] = [*state["waiting"], [event_type, at]]
        return
    facts = _did(event_type, data, at) if counts else {"at": at}
    facts |= _some("before", before)
    if is_changed and _is_paid(state):
        facts["order"] = {"id": data["order_id"]} | state["order"]
    if len(facts) > 1:
        yield state["owner"], facts


def _is_paid(state: State) -> bool:
    return state["order"] is not None and state["order"]["paid_at"] is not None


def _is_repeated(event_type: str, state: State) -> bool:
    """Whether it is not the first creation or payment of the order, which alone count."""
    if event_type == "order.created":
        return state["owner"] is not None
    return event_type == "order.payment_succeeded" and _is_paid(state)


def _owner(created: Mapping[str, Any]) -> str | None:
    if "user_id" in created:
        return f"u:{created['user_id']}"
    return f"v:{created['visitor_id']}" if "visitor_id" in created else None


def _change(event_type: str, data: Mapping[str, Any], at: int, state: State) -> bool:
    """Whether the event changed what the order came to.

    What is paid later, or given back, is a refund below zero, so that an order is one amount and
    what was taken from it.
    """
    order = dict(state["order"] or _NEW_ORDER)
    if event_type == "order.created" and not order["products"]:
        order["products"] = _products(data)
    elif event_type == "order.payment_succeeded" and order["paid_at"] is None:
        order |= {"paid_at": at, "currency": data["currency"], "cents": data["amount_cents"]}
    elif event_type == "order.payment_succeeded":
        if data.get("installment") and data["currency"] == order["currency"]:
            _refund(order, at, -data["amount_cents"])
    elif event_type in _REFUNDS and "refund_cents" in data:
        _refund(order, at, _REFUNDS[event_type] * data["refund_cents"])
    is_changed = order != (state["order"] or _NEW_ORDER)
    if is_changed:
        state["order"] = order
    return is_changed


def _refund(order: dict[str, Any], at: int, cents: int) -> None:
    if cents and len(order["refunds"]) < REFUNDS_MAX:
        order["refunds"] = [*order["refunds"], [at, cents]]


def _products(created: Mapping[str, Any]) -> list[str]:
    bought = {line["product_id"] for line in created.get("items", ()) if line["quantity"]}
    return sorted(bought)[:PRODUCTS_MAX]
