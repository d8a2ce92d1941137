"""The recount of the two groups without state: which counter each event adds to."""

import pytest

from tests.support.recounting import HandLog, counted

DAY = "2026-01-01"


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("created", "orders_created"),
        ("payment_initiated", "payments_initiated"),
        ("payment_succeeded", "payments_succeeded"),
        ("payment_failed", "payments_failed"),
        ("confirmed", "orders_confirmed"),
        ("shipped", "orders_shipped"),
        ("delivered", "orders_delivered"),
        ("cancelled", "orders_cancelled"),
        ("refunded", None),
        ("attribution_recorded", None),
    ],
)
def test_an_order_event_counts_once(kind: str, field: str | None) -> None:
    log = HandLog()
    log.order(kind)
    expected = {DAY: {field: 1, f"hours.10.{field}": 1}} if field else {}
    assert counted(log, group="order-funnel") == expected


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("created", "registrations"),
        ("verified", "verifications"),
        ("suspended", "suspensions"),
        ("reactivated", "reactivations"),
        ("deleted", "deletions"),
        ("login_succeeded", "login_successes"),
        ("login_failed", "login_failures"),
        ("locked", "accounts_locked"),
        ("consent_given", None),
        ("consent_withdrawn", None),
    ],
)
def test_a_user_event_counts_once(kind: str, field: str | None) -> None:
    log = HandLog()
    log.event(f"user.{kind}", {"user_id": "u"})
    expected = {DAY: {field: 1, f"hours.10.{field}": 1}} if field else {}
    assert counted(log, group="user-lifecycle") == expected


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("user", "leader", "leaders_promoted"),
        ("user", "chief", "leaders_promoted"),
        ("leader", "user", "leaders_demoted"),
        ("leader", "chief", None),
        ("user", "guest", None),
        ("user", "Leader", None),
    ],
)
def test_a_change_to_a_leaders_role_is_a_promotion_and_the_reverse_a_demotion(
    old: str, new: str, field: str | None
) -> None:
    log = HandLog()
    log.event("user.role_changed", {"user_id": "u", "old_role": old, "new_role": new})
    found = counted(log, "leaders", group="user-lifecycle", leader_roles=("chief", "leader"))
    assert found == ({DAY: {field: 1}} if field else {})
