"""A visitor of pages that contain the web client, in a real Chromium, beside a real collector."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.collector.conftest import Logged, Site
from tests.support.browser import troubles
from tests.support.shop_pages import Pages
from tests.support.wait import until

LINES = r"""Object.keys(localStorage).filter(name => name.startsWith("daybook.queue."))
    .flatMap(name => localStorage[name].split("\n").slice(1)).filter(line => line != "taken")"""
"""The stored events of all pages, as JSON texts."""
WAITING = f"{LINES}.length"
SPY = """const calls = [], real = fetch;
    window.fetch = (url, o) => {
        calls.push({ keepalive: o.keepalive, bytes: new Blob([o.body]).size, at: performance.now(),
                     events: JSON.parse(o.body).events.length });
        return real(url, o);
    };"""
"""`calls`: what the client sent, call by call."""
AWAY = """let away = true, tried = 0; const real = fetch;
    window.fetch = (...all) => away && ++tried ? Promise.reject("away") : real(...all);"""
"""No call arrives, until BACK runs."""
BACK = """away = false; dispatchEvent(new Event("online"));"""


class Visitor:
    """A browser context with its own storage, which visits pages that contain the client."""

    def __init__(self, site: Site, browser: Browser) -> None:
        self.pages: dict[str, str] = {}
        self.server = Pages(self.pages)
        self.collector = site.start(DAYBOOK_COLLECTOR_ORIGINS=self.server.origin).ready()
        self.context = browser.new_context()
        self.site = site
        self.troubles: list[list[str]] = []

    def serve(self, path: str, then: str = "", before: str = "", key: str | None = None) -> str:
        """Makes a page; `before` and `then` are scripts before and after the client."""
        key = self.site.write_key if key is None else key
        script = f"http://127.0.0.1:{self.collector.port}/daybook.js"
        self.pages[path.partition("?")[0]] = f"""
            <script>{before}</script>
            <script src="{script}" data-key="{key}" data-funnel="f-1"></script>
            <script>{then}</script>"""
        return self.server.url(path)

    def visit(self, path: str, then: str = "", before: str = "", key: str | None = None) -> Page:
        """Makes a page and loads it."""
        address = self.serve(path, then, before, key)
        page = self.context.new_page()
        self.troubles.append(troubles(page))
        page.goto(address)
        return page

    def send(self, path: str, then: str = "", before: str = "", key: str | None = None) -> Page:
        """Visits a page and waits until the client has sent all events."""
        page = self.visit(path, then, before, key)
        page.wait_for_function(f"!{WAITING}")
        return page

    def warned(self) -> list[str]:
        """What the client has told the consoles of all pages since the last call."""
        told = [text for found in self.troubles for text in found if text.startswith("daybook: ")]
        for found in self.troubles:
            found[:] = [text for text in found if text not in told]
        return told

    def logged(self, count: int) -> list[Logged]:
        """The events in the log, once there are `count` different ones, by time."""

        def complete() -> list[Logged]:
            messages = self.site.logged()
            ids = {message.event["event_id"] for message in messages}
            return messages if len(ids) >= count else []

        messages = until(complete, f"{count} events are in the log")
        distinct = {message.event["event_id"]: message for message in messages}
        assert len(distinct) == count
        return sorted(distinct.values(), key=lambda one: one.event["occurred_at"])

    def logged_once(self, count: int) -> list[Logged]:
        """The same; and no event was sent twice."""
        events = self.logged(count)
        assert len(self.site.logged()) == count
        return events


@pytest.fixture
def visitor(site: Site, chromium: Browser) -> Iterator[Visitor]:
    visitor = Visitor(site, chromium)
    with visitor.server:
        yield visitor
        visitor.context.close()
    assert not any(visitor.troubles), visitor.troubles
