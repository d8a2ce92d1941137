"""daybook.js in a real Chromium, calling a real collector: what is in the log afterwards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from daybook.collector.script import SOURCE
from tests.collector.conftest import Logged, Site
from tests.support.browser import WHY_NOT, Browser, is_available
from tests.support.collector import CollectorProcess
from tests.support.shop_pages import Pages
from tests.support.wait import until

pytestmark = pytest.mark.skipif(not is_available(), reason=WHY_NOT)

BYTES_MAX = 3 * 1024
QUEUE = 'JSON.parse(localStorage["daybook.queue"] || "[]")'
EMPTY = f"until(() => !{QUEUE}.length)"


class Visitor:
    """A browser on pages that carry the client; `does` runs in a page, after the client."""

    def __init__(self, site: Site, directory: Path) -> None:
        self.pages: dict[str, str] = {}
        self.server = Pages(self.pages)
        self.collector = site.start(DAYBOOK_COLLECTOR_ORIGINS=self.server.origin).ready()
        self.browser = Browser(directory)
        self.site = site

    def visit(self, path: str, does: str, before: str = "", key: str | None = None) -> Any:
        """What the script posts in the end: the value of its last `done(…)`."""
        key = self.site.write_key if key is None else key
        script = f"http://127.0.0.1:{self.collector.port}/daybook.js"
        self.pages[path.partition("?")[0]] = f"""
            <script>{before}</script>
            <script src="{script}" data-key="{key}" data-funnel="f-1"></script>
            <script>
              const done = value => parent.postMessage(value ?? null, "*");
              const until = check => new Promise(resolve => {{
                const look = () => check() ? resolve() : setTimeout(look, 20);
                look();
              }});
              (async () => {{ {does} }})().catch(e => done("failed: " + e));
            </script>"""
        return self.browser.visit(self.server.url(path))

    def logged(self, count: int) -> list[Logged]:
        """What is in the log once that many different events are, in order of time."""

        def enough() -> list[Logged]:
            found = self.site.logged()
            ids = {one.event["event_id"] for one in found}
            return found if len(ids) >= count else []

        found = until(enough, f"{count} events are in the log")
        distinct = {one.event["event_id"]: one for one in found}
        assert len(distinct) == count
        return sorted(distinct.values(), key=lambda one: one.event["occurred_at"])


@pytest.fixture
def visitor(site: Site, tmp_path: Path) -> Iterator[Visitor]:
    own = Visitor(site, tmp_path / "browser")
    with own.server, own.browser:
        yield own


def test_it_is_small() -> None:
    assert len(SOURCE.read_bytes()) < BYTES_MAX


def test_a_page_is_viewed_and_a_custom_event_tracked(visitor: Visitor) -> None:
    visitor.visit(
        "/spring?utm_source=newsletter&utm_medium=email&utm_campaign=may&token=secret",
        f"""daybook.track("menu opened", {{ depth: 2 }}); await {EMPTY}; done();""",
    )
    view, custom = visitor.logged(2)
    assert (view.event["event_type"], custom.event["event_type"]) == ("page_view", "custom")
    data = view.event["data"]
    assert (data["page"], data["funnel_id"]) == ("/spring", "f-1")
    assert custom.event["data"]["name"] == "menu opened"
    assert custom.event["data"]["properties"] == {"depth": 2}
    assert data["session_id"] == custom.event["data"]["session_id"]
    assert view.key == custom.key == data["visitor_id"]
    context = data["context"]
    assert context["channel"] == "Email"
    assert context["utm_campaign"] == "may"
    assert context["landing_page"] == "/spring"
    assert context["bot"] == ["crawler", "headless"]
    assert "secret" not in str(view.event)


def test_a_single_page_application_views_pages_without_loading_any(visitor: Visitor) -> None:
    visitor.visit(
        "/",
        f"""
        history.pushState({{}}, "", "/cart");
        history.pushState({{}}, "", "/cart#top");
        history.pushState({{}}, "", "/pay");
        await until(() => {QUEUE}.length == 0 || {QUEUE}.length == 3);
        history.back();
        await until(() => location.pathname == "/cart");
        await {EMPTY};
        done();""",
    )
    views = visitor.logged(4)
    assert sorted(one.event["data"]["page"] for one in views) == ["/", "/cart", "/cart", "/pay"]


def test_the_next_page_has_the_sessions_first_source(visitor: Visitor) -> None:
    visitor.visit("/one?utm_source=partner", f"await {EMPTY}; done()")
    visitor.visit("/two", f"await {EMPTY}; done()")
    first, second = (one.event["data"] for one in visitor.logged(2))
    assert first["session_id"] == second["session_id"]
    assert second["page"] == "/two"
    assert second["context"]["landing_page"] == "/one"
    assert second["context"]["source"] == "partner"


@pytest.mark.parametrize(
    ("last_minutes", "start_hours", "is_new"), [(29, 23, False), (31, 1, True), (1, 24.1, True)]
)
def test_a_session_ends_after_30_minutes_idle_or_24_hours(
    visitor: Visitor, last_minutes: float, start_hours: float, is_new: bool
) -> None:
    own = f"""localStorage["daybook.session"] = JSON.stringify({{
        id: "old", from: {{}}, last: Date.now() - {last_minutes} * 6e4,
        start: Date.now() - {start_hours} * 36e5 }})"""
    visitor.visit("/", f"await {EMPTY}; done()", before=own)
    (view,) = visitor.logged(1)
    assert (view.event["data"]["session_id"] != "old") is is_new


def test_events_are_sent_ten_at_a_time(visitor: Visitor) -> None:
    bodies = visitor.visit(
        "/",
        f"""for (let n = 0; n < 24; n++) daybook.track("e", {{ n }});
        await {EMPTY}; done(sizes)""",
        before="""const sizes = [], real = fetch;
        window.fetch = (url, o) => { sizes.push(JSON.parse(o.body).events.length);
                                     return real(url, o); };""",
    )
    assert bodies == [10, 10, 5]
    assert len(visitor.logged(25)) == 25


def test_what_could_not_be_sent_is_sent_later_and_counts_at_its_own_time(visitor: Visitor) -> None:
    """A browser that was offline for an hour: its clock says when, whatever it shows."""
    kept = visitor.visit(
        "/",
        f"""daybook.track("offline"); await until(() => tried > 0); done({QUEUE}.length)""",
        before="let tried = 0; window.fetch = () => { tried++; return Promise.reject(); }",
    )
    assert kept == 2
    an_hour_ago = f"""localStorage["daybook.queue"] = JSON.stringify({QUEUE}.map(e =>
        ({{...e, occurred_at: new Date(Date.parse(e.occurred_at) - 36e5)}})))"""
    visitor.visit("/", f"await {EMPTY}; done()", before=an_hour_ago)
    events = [one.event for one in visitor.logged(3)]
    assert [one["event_type"] for one in events] == ["page_view", "custom", "page_view"]
    assert events[0]["occurred_at"] < events[2]["occurred_at"]
    received = events[0]["data"]["context"]["received_at"]
    assert received[:11] >= events[0]["occurred_at"][:11]
    assert events[0]["occurred_at"] < received


def test_what_waits_when_the_page_is_left_goes_by_beacon(visitor: Visitor) -> None:
    sent = visitor.visit(
        "/",
        """daybook.track("leaving");
        dispatchEvent(new Event("pagehide")); done(beacons)""",
        before="""let beacons = 0; window.fetch = () => new Promise(() => {});
        const real = navigator.sendBeacon.bind(navigator);
        navigator.sendBeacon = (...all) => { beacons++; return real(...all); }""",
    )
    assert sent == 1
    assert [one.event["event_type"] for one in visitor.logged(2)] == ["page_view", "custom"]


def test_an_answer_that_got_lost_is_no_second_event(visitor: Visitor) -> None:
    visitor.visit(
        "/",
        f"await {EMPTY}; done()",
        before="""let lost = 0; const real = fetch;
        window.fetch = (url, o) => real(url, o).then(r => { if (!lost++) throw r; return r; })""",
    )
    visitor.logged(1)
    found = visitor.site.logged()
    assert len(found) == 2
    assert len({one.event["event_id"] for one in found}) == 1
    assert len({one.key for one in found}) == 1


@pytest.mark.parametrize("sign", ["doNotTrack", "globalPrivacyControl"])
def test_who_does_not_want_to_be_tracked_is_not(visitor: Visitor, sign: str) -> None:
    kept = visitor.visit(
        "/",
        'daybook.track("never"); done(localStorage.length)',
        before=f'Object.defineProperty(navigator, "{sign}", {{ value: "1" }})',
    )
    assert kept == 0
    assert visitor.site.logged() == []


def test_a_wrong_key_is_not_tried_for_ever(visitor: Visitor) -> None:
    visitor.visit("/", f"await {EMPTY}; done()", key="dbwrite_" + "x" * 32)
    assert visitor.site.logged() == []
    assert refused(visitor.collector) == 1


def refused(collector: CollectorProcess) -> float:
    return collector.metric("daybook_collector_requests_total", status="401")
