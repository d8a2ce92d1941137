"""The dashboard's states in a real Chromium: signed in or out, stale, failing, hidden."""

from typing import Any

from playwright.sync_api import Browser, expect

from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.shop import FIRST, LAST
from tests.query.funnels.test_routes import publish
from tests.support.desk import Desk, rows, settled, text
from tests.support.wait import until

RANGE = {"from": FIRST, "to": LAST}
FUNNEL = {"organization": ORGANIZATION, "funnel": "f"}
FRESH: dict[str, Any] = {
    "newest_event_at": "2026-01-18T10:00:00Z",
    "counted_at": "2026-01-18T10:00:01Z",
    "lag_messages": 0,
    "reported_at": "2026-01-18T10:00:02Z",
    "is_stale": False,
}


def test_signing_in_and_out_by_keyboard(stored: Office, desk: Desk) -> None:
    """Enter submits the form; the key is in the tab's storage, and never in an address."""
    page = desk.open(**RANGE)
    typed = page.locator("#key")
    expect(typed).to_be_focused()
    typed.fill("dbread_nonsense")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-message")).to_contain_text("no such key")
    typed.fill(stored.admin)
    page.keyboard.press("Enter")
    expect(page.locator("#funnel-report tbody tr")).not_to_have_count(0)
    settled(page)
    stored_key = "sessionStorage.getItem('daybook.key')"
    assert page.evaluate(stored_key) == stored.admin
    assert stored.admin not in page.url
    page.locator("#sign-out").press("Enter")
    expect(typed).to_be_focused()
    assert page.evaluate(stored_key) is None
    assert rows(page, "#funnel-report") == []
    expect(page.locator("#signed-in")).to_be_hidden()
    assert not any(stored.admin in path for path in desk.asked)


def test_without_authentication_there_is_no_sign_in(stored: Office, chromium: Browser) -> None:
    service = stored.start(DAYBOOK_AUTH="off")
    with Desk(chromium, service.port) as desk:
        assert len(rows(desk.open(**RANGE), "#funnel-report")) > 3


def test_without_a_stream_the_page_polls_but_not_while_it_is_hidden(
    office: Office, desk: Desk
) -> None:
    publish(office)
    desk.answer("/stream", {"title": "Service Unavailable", "detail": "too many"}, 503)
    page = desk.open(office.analyst, **FUNNEL)
    expect(page.locator("#live-state")).to_contain_text("every 5 seconds")
    page.evaluate(SHORT_WAITS)
    assert page.evaluate("requests()") == 1
    page.evaluate("hide(true)")
    assert text(page, "#live-state") == "Paused while the page is hidden."
    assert page.evaluate("[requests(), waits.length]") == [1, 0]
    page.evaluate("hide(false)")
    until(lambda: page.evaluate("requests()") >= 4, "there are three more requests")
    page.evaluate("hide(true)")
    assert page.evaluate("waits.length") >= 3


SHORT_WAITS = """() => {
  window.waits = [];
  const real = window.setTimeout;
  window.setTimeout = (then, ms) => {
    const isNext = ms > 4000 && ms <= 5000;
    if (isNext) waits.push(ms);
    return real(then, isNext ? 50 : ms);
  };
  window.requests = () => performance.getEntriesByType("resource")
    .filter(entry => entry.name.includes("/realtime")).length;
  window.hide = value => {
    Object.defineProperty(document, "hidden", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
}"""
"""Shortens waits of 5 seconds and records them in `waits`; defines `requests` and `hide`."""


def test_stale_reports_are_marked_at_the_top_and_in_their_panel(office: Office, desk: Desk) -> None:
    publish(office)
    old = FRESH | {"lag_messages": 1_234, "is_stale": True}
    desk.answer("/ab-tests", {"tests": [], "as_of": old})
    page = desk.open(office.analyst, **FUNNEL)
    page.evaluate("document.documentElement.scrollTop = 10_000")
    line = page.locator("#freshness")
    assert text(page, "#freshness").startswith("Stale: the database is unavailable.")
    assert "lag 1,234 messages" in text(page, "#experiments .stale")
    assert line.get_attribute("class") == "stale"
    box = line.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 100
    assert page.locator("section .stale").count() == 1


def test_failures_are_explained_and_can_be_retried(office: Office, desk: Desk) -> None:
    publish(office)
    away = {"title": "Service Unavailable", "detail": "the database does not answer", "status": 503}
    desk.answer("/dropoffs", away, 503, {"Retry-After": "2"})
    shown = text(desk.open(office.analyst, **FUNNEL), "#funnel-report [role=alert] p")
    assert shown == "Service Unavailable: the database does not answer (try again in 2 s)"
    page = desk.open(office.analyst, **FUNNEL, **{"from": LAST, "to": FIRST})
    wrong = text(page, "#summary [role=alert] p")
    assert wrong == "Unprocessable Content: from: must not be after `to`"
