"""Derives device, browser, operating system and bot reasons from a user agent."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]
from ua_parser.core import Domain, Matcher, UserAgent
from ua_parser.loaders import load_builtins
from ua_parser.matchers import UserAgentMatcher
from ua_parser.regex import Resolver

CHARS_MAX = 1024
_CACHED_MAX = 8_192

_CANONICAL_NAMES = {
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
"""A browser has the same name on every device; the device has its own field."""

_HEADLESS = ("headless", "phantomjs", "electron/", "selenium", "puppeteer", "playwright")


DeviceType = Literal["desktop", "mobile", "tablet"]

_SIGNS: tuple[tuple[DeviceType, str], ...] = (
    # Televisions and consoles come first, because many run Android and send "Mobile".
    (
        "desktop",
        r"smart-?tv|hbbtv|googletv|google tv|android tv|apple ?tv|bravia|\baft[a-z]{1,4}\b"
        r"|crkey|roku|web0s|netcast|viera|philipstv|tizen.*\btv\b|\btv safari|tv bro",
    ),
    ("desktop", r"playstation|xbox|nintendo"),
    ("tablet", r"\btesla/|qtcarbrowser|android automotive|carbrowser"),
    ("mobile", r"\bwatch|\bwatchos|wear ?os|\bsm-r\d"),
    ("tablet", r"ipad|\btablet(?! pc)|playbook|kindle|\bsilk\b(?!.*mobile)|kf[a-z]{3,4}\b"),
    ("tablet", r"android(?!.*mobi)"),
    ("mobile", r"mobi|iphone|ipod|android|blackberry|\bbb10|opera mini|kaios|symbian|j2me"),
)
_RULES = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _SIGNS)
_DESKTOPS = frozenset({"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian"})
_DESKTOP_SIGNS = ("x11;", "windows nt", "macintosh", "cros ")


def device_type(user_agent: str, os: str | None) -> DeviceType | None:
    """None if the user agent says nothing about a device, like those of programs."""
    for kind, pattern in _RULES:
        if pattern.search(user_agent):
            return kind
    if os in _DESKTOPS or any(sign in user_agent.lower() for sign in _DESKTOP_SIGNS):
        return "desktop"
    return None


@dataclass(frozen=True, slots=True)
class Agent:
    """`bot` are bot reasons, each of which is sufficient: `crawler`, `headless`."""

    device_type: DeviceType | None
    browser: str | None
    os: str | None
    bot: tuple[str, ...]


class Agents:
    """Reads user agents, and caches the results."""

    def __init__(self) -> None:
        self._known = Resolver(load_builtins())
        patterns: list[Matcher[UserAgent]] = [
            UserAgentMatcher(crawler["pattern"], "crawler", "0", "0", "0", "0")
            for crawler in CRAWLER_USER_AGENTS_DATA
        ]
        self._crawlers = Resolver((patterns, [], []))
        self.read = lru_cache(_CACHED_MAX)(self._read)

    def _read(self, user_agent: str) -> Agent:
        parsed = self._known(user_agent, Domain.ALL)
        browser = parsed.user_agent.family if parsed.user_agent else None
        os = parsed.os.family if parsed.os else None
        bot = []
        if self._crawlers(user_agent, Domain.USER_AGENT).user_agent:
            bot.append("crawler")
        if any(sign in user_agent.lower() for sign in _HEADLESS):
            bot.append("headless")
        return Agent(
            device_type(user_agent, os),
            _CANONICAL_NAMES.get(browser, browser) if browser else None,
            os,
            tuple(bot),
        )
