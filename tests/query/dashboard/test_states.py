"""The dashboard's states in a real Chromium: signed in or out, stale, failing, hidden."""

from pathlib import Path
from typing import Any

import pytest

from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.shop import FIRST, LAST
from tests.query.funnels.test_routes import publish
from tests.support.browser import WHY_NOT, is_available
from tests.support.desk import Answer, Desk

pytestmark = pytest.mark.skipif(not is_available(), reason=WHY_NOT)

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
    """A form is sent as Enter sends it; the key is in the tab's storage, and in no address."""
    does = f"""
    const typed = page.getElementById("key");
    const first = page.activeElement.id;
    typed.value = "dbread_nonsense";
    page.getElementById("sign-in").requestSubmit();
    await until(() => text(page, "#sign-in-said"));
    const refused = text(page, "#sign-in-said");
    typed.value = {stored.admin!r};
    page.getElementById("sign-in").requestSubmit();
    await until(() => rows(page, "#funnel-report").length);
    await settled(page);
    const within = [sessionStorage.getItem("daybook.key"), window.location.href];
    page.getElementById("sign-out").click();
    return {{ first, refused, within, kept: sessionStorage.getItem("daybook.key"),
             left: rows(page, "#funnel-report").length,
             hidden: page.getElementById("signed-in").hidden, last: page.activeElement.id }}"""
    shown = desk.play(does, **RANGE)
    assert shown["first"] == shown["last"] == "key"
    assert "no such key" in shown["refused"]
    assert shown["within"][0] == stored.admin
    assert stored.admin not in shown["within"][1]
    assert shown["kept"] is None
    assert shown["left"] == 0
    assert shown["hidden"] is True
    assert not any(stored.admin in path for path in desk.asked)


def test_without_keys_nobody_is_asked_for_one(stored: Office, tmp_path: Path) -> None:
    service = stored.start(DAYBOOK_AUTH="off")
    with Desk(service.port, tmp_path / "browser") as desk:
        shown = desk.play("return rows(page, '#funnel-report').length", **RANGE)
    assert shown > 3


def test_without_a_stream_it_asks_now_and_again_but_not_while_it_is_hidden(
    office: Office, desk: Desk
) -> None:
    publish(office)
    desk.answers["/stream"] = Answer(503, {"title": "Service Unavailable", "detail": "too many"})
    shown = desk.play(
        """
        const asked = () => window.performance.getEntriesByType("resource")
          .filter(one => one.name.includes("/realtime")).length;
        const hide = value => {
          Object.defineProperty(page, "hidden", { value, configurable: true });
          page.dispatchEvent(new Event("visibilitychange"));
        };
        await until(() => text(page, "#live-state").includes("every 5 seconds"));
        const waits = [];
        const real = window.setTimeout;
        window.setTimeout = (then, ms) => {
          const isNext = ms > 4000 && ms <= 5000;
          if (isNext) waits.push(ms);
          return real(then, isNext ? 50 : ms);
        };
        const first = asked();
        hide(true);
        const hidden = [text(page, "#live-state"), asked(), waits.length];
        hide(false);
        await until(() => asked() >= first + 3);
        hide(true);
        return { first, hidden, waits: waits.length };""",
        office.analyst,
        **FUNNEL,
    )
    assert shown["first"] == 1
    assert shown["hidden"] == ["Paused while the page is hidden.", 1, 0]
    assert shown["waits"] >= 3


def test_how_fresh_it_is_stands_at_the_top(office: Office, desk: Desk) -> None:
    publish(office)
    old = FRESH | {"lag_messages": 1_234, "is_stale": True}
    desk.answers["/ab-tests"] = Answer(200, {"tests": [], "as_of": old})
    shown = desk.play(
        """page.documentElement.scrollTop = 10_000;
        const line = page.getElementById("freshness");
        return { said: line.textContent, kind: line.className,
          top: line.getBoundingClientRect().top, panel: text(page, "#experiments .stale"),
          others: page.querySelectorAll("section .stale").length }""",
        office.analyst,
        **FUNNEL,
    )
    assert shown["said"].startswith("Stale: the database is away.")
    assert "lag 1,234 messages" in shown["panel"]
    assert shown["kind"] == "stale"
    assert 0 <= shown["top"] < 100
    assert shown["others"] == 1


def test_failures_are_told_in_words_and_can_be_tried_again(office: Office, desk: Desk) -> None:
    publish(office)
    away = {"title": "Service Unavailable", "detail": "the database does not answer", "status": 503}
    desk.answers["/dropoffs"] = Answer(503, away, {"Retry-After": "2"})
    said = desk.play(
        "return text(page, '#funnel-report [role=alert] p')",
        office.analyst,
        **FUNNEL,
    )
    assert said == "Service Unavailable: the database does not answer Try again in 2 s."
    wrong = desk.play(
        "return text(page, '#summary [role=alert] p')",
        office.analyst,
        **FUNNEL,
        **{"from": LAST, "to": FIRST},
    )
    assert wrong == "Unprocessable Content: from: must not be after `to`"
