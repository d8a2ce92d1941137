"""The dashboard in a real browser, as its readers open it; and how to read what it shows."""

import re
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from playwright.sync_api import Browser, Page, Request, Response

from tests.support.browser import troubles

HEIGHT = 900


class Desk:
    """Readers' pages, `width` pixels wide. In the end nothing may have gone wrong in any of them.

    `asked` are the paths that they called. `resumed` are the ids of events with which streams were
    asked for, of those that began.
    """

    def __init__(self, browser: Browser, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.width = 1_100
        self.asked: list[str] = []
        self.resumed: list[str | None] = []
        self.context = browser.new_context(locale="en-US")
        self._origins: set[str] = set()
        self._troubles: list[list[str]] = []

    def open(self, key: str = "", /, **choice: str) -> Page:
        """The dashboard with a choice in its address, once its reports are read."""
        page = self.context.new_page()
        page.set_viewport_size({"width": self.width, "height": HEIGHT})
        self._troubles.append(troubles(page))
        page.on("request", self._note)
        page.on("response", self._note_stream)
        if key:
            page.add_init_script(f"sessionStorage.setItem('daybook.key', '{key}')")
        page.goto(f"{self.origin}/#{urlencode(choice)}")
        settled(page)
        return page

    def answer(
        self, end: str, body: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        """What is answered instead of the service, for paths that end so."""
        self.context.route(
            re.compile(re.escape(end) + r"(\?|$)"),
            lambda route: route.fulfill(status=status, json=body, headers=headers),
        )

    def recover(self) -> None:
        """The service answers everything again."""
        self.context.unroute_all()

    def _note(self, request: Request) -> None:
        url = urlsplit(request.url)
        self._origins.add(f"{url.scheme}://{url.netloc}")
        self.asked.append(f"{url.path}?{url.query}" if url.query else url.path)

    def _note_stream(self, response: Response) -> None:
        if response.headers.get("content-type", "").startswith("text/event-stream"):
            self.resumed.append(response.request.headers.get("last-event-id"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert not any(self._troubles), self._troubles
            assert self._origins <= {self.origin}


def settled(page: Page) -> None:
    """Waits until every report is read, or somebody is asked for a key."""
    page.locator("#sign-in:not([hidden]), #reports[aria-busy=false]").first.wait_for(
        state="attached"
    )


def text(page: Page, selector: str) -> str:
    return page.locator(selector).first.text_content() or ""


def rows(page: Page, selector: str) -> list[list[str]]:
    """The text of each cell of the tables' bodies."""
    read = "all => all.map(row => [...row.cells].map(cell => cell.textContent))"
    found: list[list[str]] = page.locator(f"{selector} tbody tr").evaluate_all(read)
    return found


def facts(page: Page, selector: str) -> dict[str, str]:
    """By their names, without what stands beneath them."""
    read = """all => Object.fromEntries(all.map(one => [
        one.querySelector("dt").textContent,
        one.querySelector("dd").firstChild.textContent]))"""
    found: dict[str, str] = page.locator(f"{selector} .fact").evaluate_all(read)
    return found
