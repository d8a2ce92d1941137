"""Derives device, browser, operating system and bot reasons from a user agent.

docs/agents.md has the rules, with cases that a test runs.
"""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from crawleruseragents import CRAWLER_USER_AGENTS_DATA  # type: ignore[import-untyped]
from ua_parser.core import Domain, Matcher, UserAgent
from ua_parser.loaders import load_builtins
from ua_parser.matchers import UserAgentMatcher
from ua_parser.regex import Resolver

CHARS_MAX = 512
"""The longest of real browsers have some 400; a new agent of this length takes up to 2 ms."""

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

_HEADLESS = (
    *("headless", "phantomjs", "selenium", "puppeteer", "playwright"),
    *("nightmare/", "cypress/"),
)

APP = "App"
_APPLICATIONS = ("electron/", "okhttp/", "dalvik/")
"""What applications on desktops and on Android are made with; their visitors are people."""

_NO_CRAWLERS = frozenset({"okhttp"})
"""Patterns of `crawler-user-agents` that match these applications."""

DeviceType = Literal["desktop", "mobile", "tablet"]


def _found(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda agent: compiled.search(agent) is not None


_TV, _SILK = re.compile(r"\btv\b"), re.compile(r"\bsilk\b")


def _is_tizen_tv(agent: str) -> bool:
    start = agent.find("tizen")
    return start >= 0 and _TV.search(agent, start) is not None


def _is_silk_tablet(agent: str) -> bool:
    last = max((found.start() for found in _SILK.finditer(agent)), default=-1)
    return last > agent.rfind("mobile")


def _is_android_tablet(agent: str) -> bool:
    """Browsers on phones say "Mobile", wherever the word stands; other programs say nothing."""
    return agent.startswith("mozilla/") and "android" in agent and "mobi" not in agent


_RULES: tuple[tuple[DeviceType, Callable[[str], bool]], ...] = (
    # Televisions and consoles come first, because many run Android and send "Mobile".
    (
        "desktop",
        _found(
            r"smart-?tv|hbbtv|googletv|google tv|android tv|apple ?tv|bravia|\baft[a-z]{1,4}\b"
            r"|crkey|roku|web0s|netcast|viera|philipstv|\btv safari|tv bro"
        ),
    ),
    ("desktop", _is_tizen_tv),
    ("desktop", _found(r"playstation|xbox|nintendo")),
    ("tablet", _found(r"\btesla/|qtcarbrowser|android automotive|carbrowser")),
    ("mobile", _found(r"\bwatch|\bwatchos|wear ?os|\bsm-r\d")),
    ("tablet", _found(r"ipad|\btablet(?! pc)|playbook|kindle|kf[a-z]{3,4}\b")),
    ("tablet", _is_silk_tablet),
    ("tablet", _is_android_tablet),
    (
        "mobile",
        _found(r"mobi|iphone|ipod|android|blackberry|\bbb10|opera mini|kaios|symbian|j2me"),
    ),
)
"""Read in order, of the agent in lower case. No pattern has `.*`: work grows with the length."""

_DESKTOPS = frozenset({"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian"})
_DESKTOP_SIGNS = ("x11;", "windows nt", "macintosh", "cros ")


def device_type(user_agent: str, os: str | None) -> DeviceType | None:
    """None if the user agent says nothing about a device, like those of programs."""
    agent = user_agent.lower()
    for kind, matches in _RULES:
        if matches(agent):
            return kind
    if os in _DESKTOPS or any(sign in agent for sign in _DESKTOP_SIGNS):
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
    """Reads user agents, of which only the first CHARS_MAX characters, and caches the results."""

    def __init__(self) -> None:
        self._known = Resolver(load_builtins())
        patterns: list[Matcher[UserAgent]] = [
            UserAgentMatcher(crawler["pattern"], "crawler", "0", "0", "0", "0")
            for crawler in CRAWLER_USER_AGENTS_DATA
            if crawler["pattern"] not in _NO_CRAWLERS
        ]
        self._crawlers = Resolver((patterns, [], []))
        self._cached: OrderedDict[str, Agent] = OrderedDict()

    def is_cached(self, user_agent: str) -> bool:
        """Whether `read` returns at once; otherwise it may take milliseconds."""
        return user_agent[:CHARS_MAX] in self._cached

    def read(self, user_agent: str) -> Agent:
        user_agent = user_agent[:CHARS_MAX]
        agent = self._cached.get(user_agent)
        if agent is None:
            agent = self._cached[user_agent] = self._read(user_agent)
            if len(self._cached) > _CACHED_MAX:
                self._cached.popitem(last=False)
        else:
            self._cached.move_to_end(user_agent)
        return agent

    def _read(self, user_agent: str) -> Agent:
        parsed = self._known(user_agent, Domain.ALL)
        browser = parsed.user_agent.family if parsed.user_agent else None
        os = parsed.os.family if parsed.os else None
        lower = user_agent.lower()
        if any(sign in lower for sign in _APPLICATIONS):
            browser = APP
        bot = []
        if self._crawlers(user_agent, Domain.USER_AGENT).user_agent:
            bot.append("crawler")
        if any(sign in lower for sign in _HEADLESS):
            bot.append("headless")
        return Agent(
            device_type(user_agent, os),
            _CANONICAL_NAMES.get(browser, browser) if browser else None,
            os,
            tuple(bot),
        )
