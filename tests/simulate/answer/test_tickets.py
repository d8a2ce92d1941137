"""What visitors and servers add to the days of ticketed events."""

from typing import Any

from tests.simulate.short_logs import TODAY, Log


def day(log: Log) -> dict[str, Any]:
    return log.fields("analytics_event_metrics", f"default:gig:{TODAY}")


def test_views_and_purchases_count_per_event_and_per_visitor() -> None:
    log = Log().track("view", 0, event_id="gig").track("view", 1, event_id="gig")
    log.track("cart_add", 2, event_id="gig").track("checkout_start", 3, event_id="gig")
    paid = {"value_cents": 5_000, "currency": "EUR"}
    log.track("purchase", 4, event_id="gig", quantity=3, **paid).track(
        "purchase", 5, event_id="gig"
    )
    found = day(log)
    assert (found["views"], found["add_to_cart"], found["checkouts_started"]) == (2, 1, 1)
    assert (found["tickets_sold"], found["revenue_cents"]) == (4, 5_000)
    assert (found["unique_viewers"], found["unique_buyers"]) == (1, 1)


def test_a_ticket_is_admitted_once_by_the_first_scan_in_the_log() -> None:
    log = Log()
    for at, ticket in ((60, "t1"), (0, "t1"), (120, "t2")):
        log.track("barcode_scanned", at, ticket_id=ticket, event_id="gig")
    found = day(log)
    assert found["admissions"] == 2
    assert found["hours"] == {"12": {"admissions": 2}}


def test_a_ticket_is_admitted_at_each_event_it_is_good_for() -> None:
    log = Log()
    for at, event in ((0, "friday"), (60, "gig"), (120, "gig")):
        log.track("barcode_scanned", at, ticket_id="weekend-pass-7", event_id=event)
    assert day(log)["admissions"] == 1
    friday = log.fields("analytics_event_metrics", f"default:friday:{TODAY}")
    assert friday["admissions"] == 1


def test_e_mails_count_where_they_name_an_event() -> None:
    log = Log().track("email_confirmed", 0, order_id="o1", event_id="gig")
    log.track("email_failed", 1, order_id="o1", event_id="gig")
    log.track("email_confirmed", 2, order_id="o2")
    found = day(log)
    assert (found["emails_confirmed"], found["emails_failed"]) == (1, 1)


def test_an_event_sent_by_a_server_creates_no_visitor() -> None:
    log = Log().track("email_confirmed", -24 * 3600, order_id="o1").view("/a", 0)
    assert log.funnel()["new_visitors"] == 1
