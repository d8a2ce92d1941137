"""Device, browser, operating system and bot reasons are derived from user agents."""

import re
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]

from daybook.collector.client.user_agent import Agents
from daybook.collector.enrich import bot_reasons

AGENTS = Agents()
PAGE = Path(__file__).parents[3] / "docs/agents.md"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "device", "browser", "os"),
    [
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36",
            *("desktop", "Chrome", "Windows"),
        ),
        (
            f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {CHROME} Safari/537.36 Edg/130.0.0.0",
            *("desktop", "Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
            *("desktop", "Firefox", "Linux"),
        ),
        (
            f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME} Safari/537.36",
            *("desktop", "Chrome", "Chrome OS"),
        ),
        (IPHONE, "mobile", "Safari", "iOS"),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
            "Gecko) Version/17.4 Mobile/15E148 Safari/604.1",
            *("tablet", "Safari", "iOS"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME} Mobile Safari/537.36",
            *("mobile", "Chrome", "Android"),
        ),
        (  # a phablet
            f"Mozilla/5.0 (Linux; Android 6.0; SM-N9208) {CHROME} Mobile Safari/537.36",
            *("mobile", "Chrome", "Android"),
        ),
        (
            f"Mozilla/5.0 (Linux; Android 13; SM-X906C) {CHROME} Safari/537.36",
            *("tablet", "Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0",
            *("mobile", "Firefox", "Android"),
        ),
    ],
)
def test_device_browser_and_operating_system(
    user_agent: str, device: str, browser: str, os: str
) -> None:
    found = AGENTS.read(user_agent)
    assert (found.device_type, found.browser, found.os) == (device, browser, os)
    assert found.bot == ()


@pytest.mark.parametrize(
    ("what", "user_agent", "device"),
    [
        (
            "a wearable",
            f"Mozilla/5.0 (Linux; Tizen 2.3; SAMSUNG SM-R750) {CHROME} Safari/537.36",
            "mobile",
        ),
        (
            "a car",
            "Mozilla/5.0 (X11; GNU/Linux) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/120.0.0.0 Safari/537.36 Tesla/2024.2.7",
            "tablet",
        ),
        (
            "a television",
            f"Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) {CHROME} TV Safari/537.36",
            "desktop",
        ),
        (
            "a stick",
            f"Mozilla/5.0 (Linux; Android 9; AFTMM) {CHROME} Mobile Safari/537.36",
            "desktop",
        ),
        (
            "a console",
            "Mozilla/5.0 (PlayStation 5 3.03/SmartTV) AppleWebKit/605.1.15 (KHTML, like Gecko)",
            "desktop",
        ),
        ("a console", "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) NF/6.0", "desktop"),
        (
            "a reader",
            f"Mozilla/5.0 (Linux; Android 9; KFMAWI) {CHROME} Safari/537.36",
            "tablet",
        ),
        ("nothing", "", None),
        ("a program", "some-service/1.0", None),
    ],
)
def test_unusual_devices_get_the_nearest_device_type(
    what: str, user_agent: str, device: str | None
) -> None:
    assert AGENTS.read(user_agent).device_type == device, what


def test_every_known_crawler_is_recognised() -> None:
    instances = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    assert len(instances) > 1_000
    people = [agent for agent in instances if "crawler" not in AGENTS.read(agent).bot]
    assert [agent for agent in people if not agent.startswith("okhttp/")] == []


CASES = re.findall(
    r"^\| `(.+?)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE
)


@pytest.mark.parametrize(("user_agent", "device", "browser", "os", "bot"), CASES)
def test_the_cases_of_the_page_are_so(
    user_agent: str, device: str, browser: str, os: str, bot: str
) -> None:
    found = AGENTS.read(user_agent)
    named = [name or "-" for name in (found.device_type, found.browser, found.os)]
    assert [*named, ", ".join(found.bot) or "-"] == [device, browser, os, bot]


def test_the_page_has_cases_of_each_device_and_reason() -> None:
    assert len(CASES) >= 25
    assert {device for _, device, *_ in CASES} == {"mobile", "tablet", "desktop", "-"}
    assert {bot for *_, bot in CASES} == {"-", "crawler", "headless", "crawler, headless"}


def test_a_headless_browser_is_recognised() -> None:
    user_agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/130.0.0.0"
    assert "headless" in AGENTS.read(user_agent).bot


@pytest.mark.parametrize(
    ("certain", "suspicions", "is_fast", "reasons"),
    [
        ((), (), False, []),
        (("crawler",), (), False, ["crawler"]),
        (("crawler",), ("no_language",), True, ["crawler", "no_language", "rate"]),
        ((), (), True, []),
        ((), ("no_language",), False, []),
        ((), ("no_user_agent", "no_language"), False, []),
        ((), ("no_user_agent",), True, ["no_user_agent", "rate"]),
    ],
)
def test_suspicions_count_only_if_there_are_two_of_different_kinds(
    certain: tuple[str, ...], suspicions: tuple[str, ...], is_fast: bool, reasons: list[str]
) -> None:
    assert bot_reasons(certain, suspicions, is_fast) == reasons
