"""How full a ticketed event is."""

from datetime import UTC, datetime, timedelta
from typing import Any

from daybook.query.events.report import occupancy
from daybook.query.events.sales import Days

STARTS = datetime(2026, 12, 1, 19, tzinfo=UTC)
DAYS = [{"tickets_sold": 900, "admissions": 0}, {"tickets_sold": 50, "admissions": 1}]


def rates(now: datetime, **event: Any) -> tuple[float | None, str]:
    days = Days(DAYS, ())
    found = occupancy({"capacity": 1_000, "starts_at": STARTS} | event, days, now)
    assert (found["sold_rate"], found["admission_rate"]) in {(0.95, 0.001), (None, None)}
    return found["rate"], found["rate_basis"]


def test_until_it_starts_an_event_is_as_full_as_it_is_sold() -> None:
    assert rates(STARTS - timedelta(seconds=1)) == (0.95, "tickets_sold")


def test_from_its_start_on_an_event_is_as_full_as_it_was_admitted() -> None:
    assert rates(STARTS) == (0.001, "admissions")


def test_without_a_start_one_scan_of_a_thousand_changes_nothing() -> None:
    assert rates(STARTS, starts_at=None) == (0.95, "tickets_sold")


def test_without_a_capacity_there_is_no_rate() -> None:
    assert rates(STARTS, capacity=None) == (None, "admissions")


def test_by_orders_places_that_were_taken_back_are_free_again() -> None:
    orders = [{"tickets_sold": 700}, {"tickets_sold": 50, "tickets_returned": 250}]
    found = occupancy({"capacity": 1_000, "starts_at": None}, Days(DAYS, orders), STARTS)
    assert (found["basis"], found["tickets_sold"], found["rate"]) == ("orders", 500, 0.5)
    assert found["admissions"] == 1
