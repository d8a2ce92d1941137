"""A visitor of pages that contain the web client, in a real Chromium, beside a real collector."""

from collections.abc import Iterator
from itertools import count

import pytest
from playwright.sync_api import Browser, Page

from daybook.collector.event import TOPIC
from tests.collector.conftest import Logged, Site
from tests.support.browser import troubles
from tests.support.shop_pages import Pages
from tests.support.wait import until
from tests.support.world import World

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


class Shop:
    """A website, whose pages a test makes, beside a collector that takes events from it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pages: dict[str, str] = {}
        self.server = Pages(self.pages)
        self.site = Site(world)
        self.collector = self.site.start(
            DAYBOOK_COLLECTOR_ORIGINS=self.server.origin, DAYBOOK_COLLECTOR_BURST="10000"
        ).ready()
        self.numbers = count()


class Visitor:
    """A browser context with its own storage, whose pages have a funnel of their own."""

    def __init__(self, shop: Shop, browser: Browser) -> None:
        self.shop = shop
        self.funnel = f"f-{next(shop.numbers)}"
        self.context = browser.new_context()
        self.troubles: list[list[str]] = []

    def serve(self, path: str, then: str = "", before: str = "", key: str | None = None) -> str:
        """Makes a page; `before` and `then` are scripts before and after the client."""
        key = self.shop.site.write_key if key is None else key
        script = f"http://127.0.0.1:{self.shop.collector.port}/daybook.js"
        self.shop.pages[path.partition("?")[0]] = f"""
            <script>{before}</script>
            <script src="{script}" data-key="{key}" data-funnel="{self.funnel}"></script>
            <script>{then}</script>"""
        return self.shop.server.url(path)

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

    def messages(self) -> list[Logged]:
        """What is in the log of this visitor, duplicates included."""
        return [x for x in self.shop.site.logged() if x.event["data"]["funnel_id"] == self.funnel]

    def logged(self, count: int) -> list[Logged]:
        """The events in the log, once there are `count` different ones, by time."""

        def complete() -> list[Logged]:
            messages = self.messages()
            ids = {message.event["event_id"] for message in messages}
            return messages if len(ids) >= count else []

        messages = until(complete, f"{count} events are in the log")
        distinct = {message.event["event_id"]: message for message in messages}
        assert len(distinct) == count
        return sorted(distinct.values(), key=lambda one: one.event["occurred_at"])

    def logged_once(self, count: int) -> list[Logged]:
        """The same; and no event was sent twice."""
        events = self.logged(count)
        assert len(self.messages()) == count
        return events


@pytest.fixture(scope="module")
def shop(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with World(servers, tmp_path_factory.mktemp("shop")) as world:
        world.make_topic(TOPIC)
        shop = Shop(world)
        with shop.server:
            yield shop
        shop.site.end()


@pytest.fixture
def visitor(shop: Shop, chromium: Browser) -> Iterator[Visitor]:
    visitor = Visitor(shop, chromium)
    yield visitor
    visitor.context.close()
    assert not any(visitor.troubles), visitor.troubles
