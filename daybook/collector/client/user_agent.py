"""What a user agent says of itself: device, browser, system, and whether it is a program."""

from dataclasses import dataclass
from functools import lru_cache

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]
from ua_parser.core import Domain, Matcher, UserAgent
from ua_parser.loaders import load_builtins
from ua_parser.matchers import UserAgentMatcher
from ua_parser.regex import Resolver

from daybook.collector.client.device import DeviceType, device_type

CHARS_MAX = 1024
_REMEMBERED = 8_192

_ONE_NAME = {
    "Chrome Mobile": "Chrome",
    "Chrome Mobile WebView": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Edge Mobile": "Edge",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari",
    "Opera Mobile": "Opera",
    "Opera Tablet": "Opera",
}
"""A browser has one name on every device; the device has a field of its own."""

_HEADLESS = ("headless", "phantomjs", "electron/", "selenium", "puppeteer", "playwright")


@dataclass(frozen=True, slots=True)
class Agent:
    """`bot` are reasons that each are enough: `crawler`, `headless`."""

    device_type: DeviceType | None
    browser: str | None
    os: str | None
    bot: tuple[str, ...]


class Agents:
    """Reads user agents; the same one is read once."""

    def __init__(self) -> None:
        self._known = Resolver(load_builtins())
        patterns: list[Matcher[UserAgent]] = [
            UserAgentMatcher(each["pattern"], "crawler", "0", "0", "0", "0")
            for each in CRAWLER_USER_AGENTS_DATA
        ]
        self._crawlers = Resolver((patterns, [], []))
        self.read = lru_cache(_REMEMBERED)(self._read)

    def _read(self, user_agent: str) -> Agent:
        found = self._known(user_agent, Domain.ALL)
        browser = found.user_agent.family if found.user_agent else None
        os = found.os.family if found.os else None
        bot = []
        if self._crawlers(user_agent, Domain.USER_AGENT).user_agent:
            bot.append("crawler")
        if any(sign in user_agent.lower() for sign in _HEADLESS):
            bot.append("headless")
        return Agent(
            device_type(user_agent, os),
            _ONE_NAME.get(browser, browser) if browser else None,
            os,
            tuple(bot),
        )
