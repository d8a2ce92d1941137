"""The line at the dashboard's top: the least fresh of the panels, and those of which none knows."""

from typing import Any

from playwright.sync_api import expect

from tests.query.conftest import Office
from tests.query.funnels.shop import FIRST, LAST
from tests.support.desk import Desk, text

RANGE = {"from": FIRST, "to": LAST}
FRESH: dict[str, Any] = {
    "newest_event_at": "2026-01-18T10:00:00Z",
    "counted_at": "2026-01-18T10:00:01Z",
    "lag_messages": 7,
    "reported_at": "2026-01-18T10:00:02Z",
    "is_stale": False,
}
UNKNOWN: dict[str, Any] = dict.fromkeys(FRESH, None) | {"is_stale": False}
NO_EVENT = FRESH | {"newest_event_at": None}
NO_LAG = FRESH | {"lag_messages": None}
REPORTS = {
    "/realtime": "/funnels/checkout/realtime",
    "/dashboard": "/organizations/default/dashboard",
    "/overview": "/funnels/checkout/overview",
    "/ab-tests": "/funnels/checkout/ab-tests",
    "/revenue": "/revenue",
    "/order-funnel": "/order-funnel",
}


def line(stored: Office, desk: Desk, **told: dict[str, Any]) -> str:
    """What it says where some reports are so fresh as told, and all others FRESH."""
    service = stored.start()
    for end, path in REPORTS.items():
        days = {} if end == "/realtime" else {"first": FIRST, "last": LAST}
        body = service.report(path, stored.admin, **days).json
        as_of = told.get(end.strip("/").replace("-", "_"), FRESH)
        desk.answer(end, body | {"as_of": as_of})
    page = desk.open(stored.admin, funnel="checkout", **RANGE)
    expect(page.locator("#live .fact dt", has_text="Visitors now")).to_be_attached()
    return text(page, "#freshness")


def test_where_every_panels_is_known_the_greatest_lag_is_told(stored: Office, desk: Desk) -> None:
    said = line(stored, desk, revenue=FRESH | {"lag_messages": 1_234})
    assert said.startswith("Newest event counted")
    assert "; lag 1,234 messages, as of" in said
    assert "Of " not in said


def test_panels_of_which_nothing_is_known_are_named_with_what_to_do(
    stored: Office, desk: Desk
) -> None:
    said = line(stored, desk, revenue=UNKNOWN, order_funnel=UNKNOWN)
    assert "; lag unknown, at least 7 messages, as of" in said
    assert said.endswith(
        " Of Revenue and orders of the platform, Order funnel of the platform no member has "
        "reported: start `daybook run revenue`, `daybook run order-funnel`."
    )


def test_on_a_phone_the_line_leaves_most_of_the_page_in_sight(stored: Office, desk: Desk) -> None:
    desk.width = 320
    page = desk.open(stored.admin, **RANGE)
    box = page.locator("header").first.bounding_box()
    assert len(text(page, "#freshness")) > 150
    assert box is not None
    assert box["height"] < 160


def test_a_panel_without_an_event_and_one_without_a_lag_are_named(
    stored: Office, desk: Desk
) -> None:
    said = line(stored, desk, order_funnel=NO_EVENT, ab_tests=NO_LAG)
    look = "`daybook status` shows its members."
    assert f"Of Order funnel of the platform no event is counted yet: {look}" in said
    assert f"Of Experiments the lag is unknown: {look}" in said


def test_while_no_member_runs_every_group_that_is_needed_is_named(
    stored: Office, desk: Desk
) -> None:
    said = text(desk.open(stored.admin, **RANGE), "#freshness")
    assert said.startswith("No member has reported an event yet; lag unknown. Of all panels no")
    for group in ("funnel-step", "revenue", "order-funnel"):
        assert f"`daybook run {group}`" in said
