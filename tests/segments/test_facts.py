"""What each event says about which person."""

from typing import Any

import pytest

from daybook.segments.facts import Item, items
from daybook.segments.filters.profile import kind
from models.segment_keys import WAITING_MAX, new_key, state_key
from schemas.envelope import DEFAULT_ORGANIZATION

CART = {"did": ["*", "cart_add"]}


class Log:
    """Events of several keys, whose states are kept between them."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.found: list[tuple[str, dict[str, Any]]] = []
        self.organizations: set[str] = set()

    def add(self, event_type: str, at: int, organization: str = "", **data: Any) -> list[Item]:
        event: dict[str, Any] = {"event_type": event_type, "data": data}
        if organization:
            event["organization_id"] = organization
        own = {"user": "user_id", "order": "order_id"}.get(
            event_type.partition(".")[0], "visitor_id"
        )
        key = state_key(event, data[own])
        state = self.states.setdefault(key, new_key(key))
        new = list(items(event, at, state))
        self.found += [(item.person, item.facts) for item in new]
        self.organizations |= {item.organization for item in new}
        return new

    def track(
        self, event_type: str, at: int, visitor: str, user: str | None = None, **more: Any
    ) -> None:
        named = {"user_id": user} if user else {}
        self.add(event_type, at, visitor_id=visitor, session_id="s", **named, **more)

    def of(self, person: str) -> list[dict[str, Any]]:
        return [facts for name, facts in self.found if name == person]


def test_events_before_the_first_naming_are_the_visitors_and_its_user_takes_them_over() -> None:
    log = Log()
    log.track("page_view", 900, "v")
    log.track("page_view", 1_000, "v", "u1")
    log.track("cart_add", 1_100, "v")
    log.track("page_view", 1_200, "v", "u2")
    log.track("cart_add", 1_300, "v")
    assert [facts.get("join") or facts["at"] for facts in log.of("v:v")] == [900, "u:u1"]
    assert [facts["at"] for facts in log.of("u:u1")] == [1_000, 1_100]
    assert [facts["at"] for facts in log.of("u:u2")] == [1_200, 1_300]


def test_a_bot_does_nothing_and_names_nobody() -> None:
    log = Log()
    log.track("cart_add", 1, "v", "u1", context={"bot": ["crawler"]})
    log.track("cart_add", 2, "v")
    assert log.found == [("v:v", {"at": 2} | CART)]


def test_an_event_counts_under_its_type_and_each_field_that_conditions_may_compare() -> None:
    log = Log()
    log.track("step_entry", 1, "v", funnel_id="f", step_id="pay.now", page_id="p")
    ((_, facts),) = log.found
    kinds = ["*", "step_entry", "step_entry|funnel_id=f", "step_entry|step_id=pay%2Enow"]
    assert facts == {"at": 1, "did": kinds}


def test_a_visit_gives_attributes() -> None:
    log = Log()
    log.track("view", 1, "v", context={"browser": "Firefox", "source": "Google", "country": "DE"})
    ((_, facts),) = log.found
    assert facts["attributes"] == {"browser": "Firefox", "visit_source": "Google"}


def test_an_account_gives_attributes_consent_and_its_own_end() -> None:
    log = Log()
    log.add("user.created", 1, user_id="u", country="DE", role="buyer")
    log.add("user.role_changed", 2, user_id="u", old_role="buyer", new_role="leader")
    log.add("user.consent_withdrawn", 3, user_id="u", visitor_id="v")
    log.add("user.consent_given", 4, user_id="u")
    log.add("user.deleted", 5, user_id="u", visitor_id="v")
    assert log.of("u:u") == [
        {"at": 1, "attributes": {"country": "DE", "role": "buyer"}, "account": "opened"},
        {"at": 2, "attributes": {"role": "leader"}},
        {"at": 3, "consent": "withdrawn"},
        {"at": 4, "consent": "given"},
        {"at": 5, "account": "deleted"},
    ]
    assert log.of("v:v") == [{"at": 3, "consent": "withdrawn"}, {"at": 5, "account": "deleted"}]


def test_the_same_user_in_two_organizations_is_two_persons() -> None:
    log = Log()
    log.add("user.verified", 1, user_id="u")
    log.add("user.verified", 2, "other", user_id="u")
    assert log.organizations == {DEFAULT_ORGANIZATION, "other"}
    assert len(log.states) == 2


ORDER: dict[str, Any] = {"order_id": "o"}
PAID = ORDER | {"currency": "EUR", "amount_cents": 100}
CREATED: dict[str, Any] = ORDER | {"currency": "EUR", "total_cents": 100, "user_id": "u"}


@pytest.mark.parametrize("created_at", [0, 1, 2, 3])
def test_an_order_is_its_owners_whenever_the_order_is_created(created_at: int) -> None:
    log = Log()
    steps: list[tuple[str, int, dict[str, Any]]] = [
        ("order.payment_succeeded", 20, PAID),
        ("order.payment_succeeded", 30, PAID),
        ("order.refunded", 40, ORDER | {"refund_cents": 30}),
    ]
    lines = [{"product_id": "cup", "quantity": 1, "price_cents": 100}]
    steps.insert(created_at, ("order.created", 10, CREATED | {"items": lines}))
    for event_type, at, data in steps:
        log.add(event_type, at, **data)
    facts = log.of("u:u")
    did = {(one["did"][1], one["at"]) for one in facts if "did" in one}
    before = {(kind(name), at) for one in facts for name, at in one.get("before", ())}
    assert did | before == {
        ("order%2Ecreated", 10),
        ("order%2Epayment_succeeded", 20),
        ("order%2Erefunded", 40),
    }
    assert [one["order"] for one in facts if "order" in one][-1] == {
        "id": "o",
        "paid_at": 20,
        "currency": "EUR",
        "cents": 100,
        "refunds": [[40, 30]],
        "products": ["cup"],
    }


def test_installments_and_failed_refunds_give_back() -> None:
    log = Log()
    log.add("order.created", 1, **CREATED)
    log.add("order.payment_succeeded", 2, **PAID)
    log.add("order.payment_succeeded", 3, **PAID, installment=True)
    log.add("order.cancelled", 4, **ORDER, refund_cents=50)
    log.add("order.refund_failed", 5, **ORDER, refund_cents=20)
    assert log.found[-1][1]["order"]["refunds"] == [[3, -100], [4, 50], [5, -20]]


def test_an_order_without_a_user_is_its_visitors_and_without_both_nobodys() -> None:
    log = Log()
    log.add("order.created", 1, order_id="o", currency="EUR", total_cents=1, visitor_id="v")
    log.add("order.created", 2, order_id="p", currency="EUR", total_cents=1)
    log.add("order.payment_succeeded", 3, order_id="p", currency="EUR", amount_cents=1)
    assert [person for person, _ in log.found] == ["v:v"]


def test_what_waits_for_an_owner_is_bounded() -> None:
    log = Log()
    for at in range(WAITING_MAX + 1):
        log.add("order.payment_failed", at, **ORDER)
    log.add("order.created", 500, **CREATED)
    (facts,) = log.of("u:u")
    assert [at for _, at in facts["before"]] == [*range(WAITING_MAX)]


@pytest.mark.parametrize("event_type", ["email_confirmed", "barcode_scanned"])
def test_events_of_tickets_and_mails_are_nobodys(event_type: str) -> None:
    assert Log().add(event_type, 1, visitor_id="t:1", ticket_id="1", event_id="gala") == []
