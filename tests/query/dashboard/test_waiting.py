"""The dashboard while the organization's report fails: what is not known is not called nothing."""

from http import HTTPStatus

import pytest
from playwright.sync_api import expect

from tests.query.conftest import Office
from tests.query.funnels.shop import FIRST, LAST
from tests.support.desk import Desk, facts, settled, text

RANGE = {"from": FIRST, "to": LAST}
OF_FUNNEL = ["live", "funnel-report", "experiments"]
WAITS = "This waits for the organization's report. Its panel tells why that is not shown."


def fail(desk: Desk, status: HTTPStatus) -> None:
    told = {"title": status.phrase, "detail": "so it is", "status": status}
    desk.answer("/dashboard", told, status)


@pytest.mark.parametrize(
    ("status", "funnel"),
    [
        (HTTPStatus.SERVICE_UNAVAILABLE, "checkout"),
        (HTTPStatus.SERVICE_UNAVAILABLE, ""),
        (HTTPStatus.UNPROCESSABLE_ENTITY, ""),
        (HTTPStatus.NOT_FOUND, ""),
    ],
)
def test_panels_of_a_funnel_wait_and_those_of_the_platform_are_read(
    stored: Office, desk: Desk, status: HTTPStatus, funnel: str
) -> None:
    fail(desk, status)
    page = desk.open(stored.admin, funnel=funnel, **RANGE)
    assert text(page, "#summary [role=alert] p") == f"{status.phrase}: so it is"
    buttons = page.locator("#summary button").count()
    is_askers = status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert buttons == (0 if is_askers else 1), "asked again it would be as wrong"
    assert [text(page, f"#{each} .body") for each in OF_FUNNEL] == [WAITS] * len(OF_FUNNEL)
    assert text(page, "#live-state") == ""
    assert facts(page, "#revenue")["Gross"] == "€213.45"
    asked = {path.split("/")[4].partition("?")[0] for path in desk.asked if "/api/" in path}
    assert asked == {"organizations", "revenue", "order-funnel"}


def test_what_waited_is_read_once_the_report_was_tried_again(stored: Office, desk: Desk) -> None:
    fail(desk, HTTPStatus.SERVICE_UNAVAILABLE)
    page = desk.open(stored.admin, **RANGE)
    desk.recover()
    page.locator("#summary button").click()
    expect(page.locator("#funnel-report tbody tr")).not_to_have_count(0)
    settled(page)
    assert page.locator("#funnel").input_value() == "checkout"
    assert facts(page, "#summary")["Sessions"] != "0"
