"""The dashboard while the organization's report fails: its funnels are unknown, not missing."""

from http import HTTPStatus

import pytest
from playwright.sync_api import expect

from tests.query.conftest import Office
from tests.query.funnels.shop import FIRST, LAST
from tests.support.desk import Desk, facts, settled, text

RANGE = {"from": FIRST, "to": LAST}
FUNNEL_PANELS = ["live", "funnel-report", "experiments"]
WAITING = "Waiting for the organization's report; its panel shows what is wrong."


def fail(desk: Desk, status: HTTPStatus) -> None:
    problem = {"title": status.phrase, "detail": "the reason", "status": status}
    desk.answer("/dashboard", problem, status)


@pytest.mark.parametrize(
    ("status", "funnel"),
    [
        (HTTPStatus.SERVICE_UNAVAILABLE, "checkout"),
        (HTTPStatus.SERVICE_UNAVAILABLE, ""),
        (HTTPStatus.UNPROCESSABLE_ENTITY, ""),
        (HTTPStatus.NOT_FOUND, ""),
    ],
)
def test_funnel_panels_wait_and_platform_panels_are_loaded(
    stored: Office, desk: Desk, status: HTTPStatus, funnel: str
) -> None:
    fail(desk, status)
    page = desk.open(stored.admin, funnel=funnel, **RANGE)
    assert text(page, "#summary [role=alert] p") == f"{status.phrase}: the reason"
    buttons = page.locator("#summary button").count()
    is_invalid_request = status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert buttons == (0 if is_invalid_request else 1), "an invalid request cannot be retried"
    assert [text(page, f"#{panel} .body") for panel in FUNNEL_PANELS] == [WAITING] * len(
        FUNNEL_PANELS
    )
    assert text(page, "#live-state") == ""
    assert facts(page, "#revenue")["Gross"] == "€213.45"
    asked = {path.split("/")[4].partition("?")[0] for path in desk.asked if "/api/" in path}
    assert asked == {"organizations", "revenue", "order-funnel"}


def test_waiting_panels_are_loaded_after_a_successful_retry(stored: Office, desk: Desk) -> None:
    fail(desk, HTTPStatus.SERVICE_UNAVAILABLE)
    page = desk.open(stored.admin, **RANGE)
    desk.recover()
    page.locator("#summary button").click()
    expect(page.locator("#funnel-report tbody tr")).not_to_have_count(0)
    settled(page)
    assert page.locator("#funnel").input_value() == "checkout"
    assert facts(page, "#summary")["Sessions"] != "0"
