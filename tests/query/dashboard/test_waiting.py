"""The dashboard while the organization's report fails: what is not known is not called nothing."""

from http import HTTPStatus

import pytest

from tests.query.conftest import Office
from tests.query.funnels.shop import FIRST, LAST
from tests.support.browser import WHY_NOT, is_available
from tests.support.desk import Answer, Desk

pytestmark = pytest.mark.skipif(not is_available(), reason=WHY_NOT)

RANGE = {"from": FIRST, "to": LAST}
OF_FUNNEL = ["live", "funnel-report", "experiments"]
WAITS = "This waits for the organization's report. Its panel tells why that is not shown."


def failing(status: HTTPStatus) -> Answer:
    return Answer(status, {"title": status.phrase, "detail": "so it is", "status": status})


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
    desk.answers["/dashboard"] = failing(status)
    shown = desk.play(
        f"""return {{ said: {OF_FUNNEL}.map(each => text(page, `#${{each}} .body`)),
             state: text(page, "#live-state"), gross: facts(page, "#revenue").Gross,
             problem: text(page, "#summary [role=alert] p"),
             buttons: page.querySelectorAll("#summary button").length }}""",
        stored.admin,
        funnel=funnel,
        **RANGE,
    )
    assert shown["problem"] == f"{status.phrase}: so it is"
    is_askers = status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert shown["buttons"] == (0 if is_askers else 1), "asked again it would be as wrong"
    assert shown["said"] == [WAITS] * len(OF_FUNNEL)
    assert shown["state"] == ""
    assert shown["gross"] == "€213.45"
    asked = {path.split("/")[4].partition("?")[0] for path in desk.asked if "/api/" in path}
    assert asked == {"organizations", "revenue", "order-funnel"}


def test_what_waited_is_read_once_the_report_was_tried_again(stored: Office, desk: Desk) -> None:
    desk.answers["/dashboard"] = failing(HTTPStatus.SERVICE_UNAVAILABLE)
    desk.calls["/recover"] = desk.answers.clear
    shown = desk.play(
        """
        await fetch("/recover");
        page.querySelector("#summary button").click();
        await until(() => rows(page, "#funnel-report").length);
        await settled(page);
        return [page.getElementById("funnel").value, facts(page, "#summary").Sessions];""",
        stored.admin,
        **RANGE,
    )
    assert shown[0] == "checkout"
    assert shown[1] != "0"
