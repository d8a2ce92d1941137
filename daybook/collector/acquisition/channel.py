"""The marketing channel that brought a visitor: the first rule that matches.

The rules and their order are Google Analytics 4's default channel group, with the additions of
Plausible (`lib/plausible/ingestion/acquisition.ex`): AI assistants, click ids, and sources that
are always paid, whatever the medium is.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_SHOPPING = re.compile(r"(?:^|[^a-df-z])shop|shopping")
"""Searched for, because a full match of `.*shop.*` takes time that grows with the square."""

_PAID_MEDIUMS = frozenset({"ppc", "retargeting"})
_DISPLAY = frozenset({"display", "banner", "expandable", "interstitial", "cpm"})
_SOCIAL = frozenset({"social", "social-network", "social-media", "sm"}) | frozenset(
    {"social network", "social media"}
)
_EMAIL = ("email", "e-mail", "e_mail", "e mail", "newsletter")
_PAID_CLICK_IDS = {
    "google": frozenset({"gclid", "gbraid", "wbraid", "dclid"}),
    "bing": frozenset({"msclkid"}),
}
"""These networks add their click ids to advertisements only."""


@dataclass(frozen=True, slots=True)
class Clues:
    """What is known of a visit, in lower case; empty if unknown.

    `source` and `category` are those of the source, or if it is not a well-known one, those of the
    network whose click id the link has. `click_ids` are the names of the link's parameters.
    """

    source: str = ""
    category: str = ""
    utm_source: str = ""
    medium: str = ""
    campaign: str = ""
    click_ids: frozenset[str] = frozenset()
    is_paid_source: bool = False

    def paid_medium(self) -> bool:
        medium = self.medium
        return "cp" in medium or medium in _PAID_MEDIUMS or medium.startswith("paid")

    def paid(self, category: str) -> bool:
        return self.category == category and (self.paid_medium() or self.is_paid_source)

    def shopping(self) -> bool:
        return self.category == "shopping" or bool(_SHOPPING.search(self.campaign))

    def clicked(self) -> bool:
        return not self.click_ids.isdisjoint(_PAID_CLICK_IDS.get(self.source, ()))

    def mentions(self, *words: str) -> bool:
        return any(word in self.utm_source or word in self.medium for word in words)


RULES: tuple[tuple[str, Callable[[Clues], bool]], ...] = (
    ("Cross-network", lambda c: "cross-network" in c.campaign),
    ("Paid Shopping", lambda c: c.shopping() and c.paid_medium()),
    ("Paid Search", lambda c: c.paid("search") or c.clicked()),
    ("Paid Social", lambda c: c.paid("social")),
    ("Paid Video", lambda c: c.paid("video")),
    ("Display", lambda c: c.medium in _DISPLAY),
    ("Paid Other", lambda c: c.paid_medium()),
    ("Organic Shopping", lambda c: c.shopping()),
    ("Organic Social", lambda c: c.category == "social" or c.medium in _SOCIAL),
    ("Organic Video", lambda c: c.category == "video" or "video" in c.medium),
    ("AI Assistants", lambda c: c.category == "ai"),
    ("Organic Search", lambda c: c.category == "search" or c.medium == "organic"),
    ("Email", lambda c: c.category == "email" or c.mentions(*_EMAIL)),
    ("Affiliates", lambda c: c.medium in ("affiliate", "affiliates")),
    ("Audio", lambda c: c.medium == "audio"),
    ("SMS", lambda c: "sms" in (c.utm_source, c.medium)),
    (
        "Mobile Push Notifications",
        lambda c: (
            c.medium.endswith("push")
            or "mobile" in c.medium
            or "notification" in c.medium
            or c.category == "push"
        ),
    ),
    ("Referral", lambda c: bool(c.source) or c.medium in ("referral", "app", "link")),
    ("Direct", lambda c: True),
)
"""The name of each channel and its condition; the first one that matches wins."""

CHANNELS = tuple(name for name, _ in RULES)


def channel(clues: Clues) -> str:
    return next(name for name, matches in RULES if matches(clues))
