"""Desktop, mobile or tablet: phones and what is worn, what lies on the lap, and the rest.

A wearable and a phablet are mobile, a car's browser is a tablet, a television and a console are
desktop: what matters is how large a page is shown, and how it is operated.
"""

import re
from typing import Literal

DeviceType = Literal["desktop", "mobile", "tablet"]

_SIGNS: tuple[tuple[DeviceType, str], ...] = (
    # Televisions and consoles run Android and say Mobile, so they come first.
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
    """None when the agent says nothing of its device, as programs do."""
    for kind, pattern in _RULES:
        if pattern.search(user_agent):
            return kind
    if os in _DESKTOPS or any(sign in user_agent.lower() for sign in _DESKTOP_SIGNS):
        return "desktop"
    return None
