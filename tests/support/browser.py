"""A real headless Chromium, the machine's own, driven by Playwright."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

PROGRAM = "DAYBOOK_TEST_CHROMIUM"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",  # which root could not have
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000
_OF_A_REQUEST = "Failed to load resource"
_BY_SCRIPT = {"fetch", "xhr", "eventsource"}
"""Requests whose failures the page itself handles, and shows."""


def program() -> str:
    """The browser's path. Fails where there is none, and says how to get one."""
    named = os.environ.get(PROGRAM)
    found = [path for name in ([named] if named else NAMES) if (path := shutil.which(name))]
    assert found, (
        f"{PROGRAM} names {named}, which is no program: tests of pages need one"
        if named
        else f"tests of pages need a Chromium, and there is none of {', '.join(NAMES)}: "
        f"`make browser` installs Debian's, or let {PROGRAM} name one"
    )
    return found[0]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; while it runs its thread has an event loop, so `asyncio.run` cannot be called."""
    path = program()
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def undriven(address: str, profile: Path) -> Iterator[None]:
    """A browser that shows a page and does what its scripts say, in a profile of its own.

    Playwright turns the back/forward cache off and cannot follow prerendered pages.
    """
    process = subprocess.Popen(
        [program(), *ARGUMENTS, f"--user-data-dir={profile}", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def troubles(page: Page) -> list[str]:
    """Fills with what goes wrong in the page from now on: in its console, its scripts, its files.

    Refusals by the content security policy appear in the console.
    """
    found: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(_OF_A_REQUEST):
            found.append(message.text)

    def failed(request: Request) -> None:
        if request.resource_type not in _BY_SCRIPT:
            found.append(f"not loaded: {request.url}: {request.failure}")

    def answered(response: Response) -> None:
        if not response.ok and response.request.resource_type not in _BY_SCRIPT:
            found.append(f"not loaded: {response.url}: {response.status}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("requestfailed", failed)
    page.on("response", answered)
    return found
