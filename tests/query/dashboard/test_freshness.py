"""The freshness line at the top of the dashboard."""

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


def line(stored: Office, desk: Desk, **as_ofs: dict[str, Any]) -> str:
    """The line's text if some reports have these `as_of`, and the others FRESH."""
    service = stored.start()
    for end, path in REPORTS.items():
        days = {} if end == "/realtime" else {"first": FIRST, "last": LAST}
        body = service.report(path, stored.admin, **days).json
        as_of = as_ofs.get(end.strip("/").replace("-", "_"), FRESH)
        desk.answer(end, body | {"as_of": as_of})
    page = desk.open(stored.admin, funnel="checkout", **RANGE)
    expect(page.locator("#live .fact dt", has_text="Visitors now")).to_be_attached()
    return text(page, "#freshness")


def test_if_all_lags_are_known_the_largest_is_shown(stored: Office, desk: Desk) -> None:
    shown = line(stored, desk, revenue=FRESH | {"lag_messages": 1_234})
    assert shown.startswith("Newest event counted")
    assert "; lag 1,234 messages, as of" in shown
    assert "daybook" not in shown


def test_panels_without_a_report_are_named_with_the_commands_to_run(
    stored: Office, desk: Desk
) -> None:
    shown = line(stored, desk, revenue=UNKNOWN, order_funnel=UNKNOWN)
    assert "; lag unknown, at least 7 messages, as of" in shown
    assert shown.endswith(
        " Revenue and orders of the platform, Order funnel of the platform: no member has "
        "reported; start `daybook run revenue`, `daybook run order-funnel`."
    )


def test_on_a_phone_the_line_covers_little_of_the_page(stored: Office, desk: Desk) -> None:
    desk.width = 320
    page = desk.open(stored.admin, **RANGE)
    box = page.locator("header").first.bounding_box()
    assert len(text(page, "#freshness")) > 150
    assert box is not None
    assert box["height"] < 160


def test_a_panel_without_an_event_and_one_without_a_lag_are_named(
    stored: Office, desk: Desk
) -> None:
    shown = line(stored, desk, order_funnel=NO_EVENT, ab_tests=NO_LAG)
    check = "check its members with `daybook status`."
    assert f"Order funnel of the platform: no event is counted yet; {check}" in shown
    assert f"Experiments: the lag is unknown; {check}" in shown


def test_if_no_member_runs_all_the_groups_to_start_are_named(stored: Office, desk: Desk) -> None:
    shown = text(desk.open(stored.admin, **RANGE), "#freshness")
    assert shown.startswith("No member has reported an event yet; lag unknown. All panels: no")
    for group in ("funnel-step", "revenue", "order-funnel"):
        assert f"`daybook run {group}`" in shown
