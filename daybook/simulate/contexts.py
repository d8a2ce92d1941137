"""The context that a collector would add to a visit's events: source, channel, device, country."""

from typing import NamedTuple

from daybook.simulate.dice import Dice, Table
from daybook.simulate.message import Data


class Origin(NamedTuple):
    """Where a visit came from: source, channel, UTM medium and the referrer's host."""

    source: str | None
    channel: str | None
    medium: str | None = None
    host: str | None = None


ORIGINS: Table[Origin] = Table(
    [
        (Origin("Google", "Organic Search", host="google.com"), 25),
        (Origin("Google", "Paid Search", "cpc", "google.com"), 12),
        (Origin(None, "Direct"), 18),
        (Origin("Facebook", "Organic Social", host="facebook.com"), 8),
        (Origin("Instagram", "Paid Social", "paid", "instagram.com"), 7),
        (Origin("newsletter", "Email", "email"), 8),
        (Origin("blog.example.com", "Referral", host="blog.example.com"), 6),
        (Origin("direct", "Direct"), 3),
        (Origin("other", "Referral"), 2),
        (Origin("unattributed", "Affiliates", "affiliate"), 1),
        (Origin("exit", "Referral"), 1),
        (Origin("unknown", "Referral"), 1),
        (Origin("$promo.2026:50%", "Display", "display"), 2),
        (Origin("Kaffee ☕ München", "Referral"), 2),
        (Origin("nul\0nul", "Referral"), 1),
        (Origin("long-" + "x.y" * 90, "Referral"), 1),
        (Origin(None, None), 3),
    ]
)
CAMPAIGNS = (
    "spring",
    "spring.sale",
    "$10-off",
    "other",
    "unknown",
    "brand",
    "c" * 230,
    "retargeting 2026",
)
DEVICES = Table([("mobile", 55), ("desktop", 38), ("tablet", 7)])
BROWSERS = {
    "mobile": Table([("Mobile Safari", 50), ("Chrome Mobile", 45), ("Firefox Mobile", 5)]),
    "tablet": Table([("Mobile Safari", 70), ("Chrome", 30)]),
    "desktop": Table([("Chrome", 60), ("Safari", 15), ("Edge", 12), ("Firefox", 13)]),
}
SYSTEMS = {"mobile": "iOS", "tablet": "iPadOS", "desktop": "Windows"}
COUNTRIES: Table[str | None] = Table(
    [("DE", 30), ("US", 25), ("FR", 12), ("GB", 12), ("JP", 5), ("BR", 5), (None, 11)]
)
BOT_REASONS = (["crawler"], ["headless", "rate"], ["address.range$", "rate", "rate"])


def device(dice: Dice) -> Data:
    """The part of the context that stays the same for a visitor."""
    kind = dice.pick(DEVICES)
    context = {"device_type": kind, "browser": dice.pick(BROWSERS[kind]), "os": SYSTEMS[kind]}
    country = dice.pick(COUNTRIES)
    return context | ({"country": country} if country else {})


def arrival(dice: Dice, landing_page: str) -> Data:
    """The part of the context that comes from a session's first request."""
    origin = dice.pick(ORIGINS)
    context = {
        "source": origin.source,
        "channel": origin.channel,
        "utm_medium": origin.medium,
        "referrer_host": origin.host,
        "landing_page": landing_page,
    }
    if origin.medium:
        context |= {"utm_source": origin.source, "utm_campaign": dice.choice(CAMPAIGNS)}
    return {name: value for name, value in context.items() if value}
