"""Channels: the cases of Plausible's tests, and each rule of Google Analytics 4."""

from typing import Any

import pytest

from daybook.collector.acquisition.channel import CHANNELS, Clues, channel
from daybook.collector.acquisition.known_sources import Sources

SOURCES = Sources()


def channel_of(
    source: str = "", medium: str = "", campaign: str = "", utm_source: str = "", click_id: str = ""
) -> str:
    known = SOURCES.by_name(source) if source else None
    return channel(
        Clues(
            (known.name if known else source).lower(),
            known.category if known else "",
            utm_source.lower(),
            medium.lower(),
            campaign.lower(),
            frozenset({click_id} - {""}),
            utm_source.lower() in SOURCES.paid,
        )
    )


PLAUSIBLE: list[tuple[dict[str, Any], str]] = [
    ({}, "Direct"),
    ({"campaign": "cross-network"}, "Cross-network"),
    ({"campaign": "shopping", "medium": "paid"}, "Paid Shopping"),
    ({"source": "shopify.com", "medium": "paid"}, "Paid Shopping"),
    ({"source": "shopify", "utm_source": "shopify", "medium": "paid"}, "Paid Shopping"),
    ({"source": "DuckDuckGo", "medium": "paid"}, "Paid Search"),
    ({"source": "Google", "click_id": "gclid"}, "Paid Search"),
    ({"source": "DuckDuckGo", "click_id": "gclid"}, "Organic Search"),
    ({"source": "Bing", "click_id": "msclkid"}, "Paid Search"),
    ({"source": "DuckDuckGo", "click_id": "msclkid"}, "Organic Search"),
    ({"source": "google", "utm_source": "google", "medium": "paid"}, "Paid Search"),
    ({"source": "TikTok", "medium": "paid"}, "Paid Social"),
    ({"source": "tiktok", "utm_source": "tiktok", "medium": "paid"}, "Paid Social"),
    ({"source": "Youtube", "medium": "paid"}, "Paid Video"),
    ({"source": "youtube", "utm_source": "youtube", "medium": "paid"}, "Paid Video"),
    ({"medium": "banner"}, "Display"),
    ({"medium": "cpc"}, "Paid Other"),
    ({"source": "walmart.com"}, "Organic Shopping"),
    ({"source": "walmart", "utm_source": "walmart"}, "Organic Shopping"),
    ({"campaign": "shop"}, "Organic Shopping"),
    ({"source": "Facebook"}, "Organic Social"),
    ({"source": "X (Twitter)", "utm_source": "twitter"}, "Organic Social"),
    ({"medium": "social"}, "Organic Social"),
    ({"source": "Vimeo"}, "Organic Video"),
    ({"source": "vimeo", "utm_source": "vimeo"}, "Organic Video"),
    ({"medium": "video"}, "Organic Video"),
    ({"source": "DuckDuckGo"}, "Organic Search"),
    ({"source": "duckduckgo", "utm_source": "duckduckgo"}, "Organic Search"),
    ({"medium": "referral"}, "Referral"),
    ({"source": "email", "utm_source": "email"}, "Email"),
    ({"medium": "email"}, "Email"),
    ({"medium": "affiliate"}, "Affiliates"),
    ({"medium": "audio"}, "Audio"),
    ({"source": "sms", "utm_source": "sms"}, "SMS"),
    ({"medium": "sms"}, "SMS"),
    ({"medium": "app-push"}, "Mobile Push Notifications"),
    ({"medium": "example-mobile"}, "Mobile Push Notifications"),
    ({"source": "othersite.com"}, "Referral"),
    ({"source": "Threads", "utm_source": "threads"}, "Organic Social"),
    ({"source": "Instagram", "utm_source": "ig"}, "Organic Social"),
    ({"source": "Youtube", "utm_source": "yt"}, "Organic Video"),
    ({"source": "Youtube", "utm_source": "yt-ads"}, "Paid Video"),
    ({"source": "Facebook", "utm_source": "fb"}, "Organic Social"),
    ({"source": "Facebook", "utm_source": "fb-ads"}, "Paid Social"),
    ({"source": "Facebook", "utm_source": "fbad"}, "Paid Social"),
    ({"source": "Facebook", "utm_source": "facebook-ads"}, "Paid Social"),
    ({"source": "Reddit", "utm_source": "Reddit-ads"}, "Paid Social"),
    ({"source": "Google", "utm_source": "google_ads"}, "Paid Search"),
    ({"source": "Google", "utm_source": "Google-ads"}, "Paid Search"),
    ({"source": "Google", "utm_source": "Adwords"}, "Paid Search"),
    ({"source": "X (Twitter)", "utm_source": "twitter-ads"}, "Paid Social"),
    ({"source": "Reddit"}, "Organic Social"),
    ({"source": "Perplexity"}, "AI Assistants"),
    ({"source": "Microsoft Teams"}, "Organic Social"),
    ({"source": "Wikipedia"}, "Referral"),
    ({"source": "Bing"}, "Organic Search"),
    ({"source": "Brave"}, "Organic Search"),
    ({"source": "Yandex"}, "Organic Search"),
    ({"source": "Discord"}, "Organic Social"),
    ({"source": "Baidu"}, "Organic Search"),
    ({"source": "Telegram"}, "Organic Social"),
    ({"source": "Sogou"}, "Organic Search"),
    ({"source": "Linktree"}, "Referral"),
    ({"source": "Linktree", "utm_source": "linktree"}, "Referral"),
    ({"source": "Hacker News"}, "Organic Social"),
    ({"source": "Yahoo!"}, "Organic Search"),
    ({"source": "Gmail"}, "Email"),
    ({"source": "Newsletter-UK", "utm_source": "Newsletter-UK"}, "Email"),
    ({"source": "temu.com"}, "Organic Shopping"),
    ({"source": "Telegram", "utm_source": "Telegram"}, "Organic Social"),
    ({"source": "Bluesky"}, "Organic Social"),
    ({"source": "Mastodon"}, "Organic Social"),
    ({"source": "Google Gemini"}, "AI Assistants"),
    ({"source": "ChatGPT"}, "AI Assistants"),
    ({"source": "Claude"}, "AI Assistants"),
    ({"source": "Phind"}, "AI Assistants"),
    ({"source": "DeepSeek"}, "AI Assistants"),
    ({"source": "Microsoft Copilot"}, "AI Assistants"),
    ({"source": "Grok"}, "AI Assistants"),
    ({"source": "Slack"}, "Organic Social"),
    ({"source": "producthunt"}, "Organic Social"),
    ({"source": "GitHub"}, "Organic Social"),
    ({"source": "steamcommunity.com"}, "Organic Social"),
    ({"source": "Vkontakte"}, "Organic Social"),
    ({"source": "Threads"}, "Organic Social"),
    ({"source": "Ecosia"}, "Organic Search"),
    ({"source": "Kagi"}, "Organic Search"),
    ({"source": "Microsoft 365"}, "Referral"),
    ({"source": "Google", "medium": "display", "click_id": "123identifier"}, "Display"),
]

GA4: list[tuple[dict[str, Any], str]] = [
    ({"campaign": "2026 Cross-Network sale"}, "Cross-network"),
    *(({"source": "google", "medium": m}, "Paid Search") for m in ("cpc", "PPC", "retargeting")),
    *(({"source": "google", "medium": m}, "Paid Search") for m in ("paid", "paidsearch", "xcpx")),
    ({"source": "amazon", "medium": "cpc"}, "Paid Shopping"),
    ({"source": "facebook", "medium": "paid-social"}, "Paid Social"),
    ({"source": "youtube", "medium": "cpv-cpm"}, "Paid Video"),
    *(({"medium": m}, "Display") for m in ("display", "expandable", "interstitial", "cpm")),
    ({"source": "partner", "medium": "cpa-cpc"}, "Paid Other"),
    ({"campaign": "summer shop"}, "Organic Shopping"),
    ({"campaign": "workshop"}, "Direct"),
    ({"campaign": "bishop"}, "Direct"),
    ({"campaign": "eshop"}, "Organic Shopping"),
    *(({"medium": m}, "Organic Social") for m in ("social-network", "social-media", "sm")),
    *(({"medium": m}, "Organic Social") for m in ("social network", "social media")),
    ({"medium": "in-app video"}, "Organic Video"),
    ({"medium": "organic"}, "Organic Search"),
    ({"source": "partner", "medium": "organic"}, "Organic Search"),
    *(({"utm_source": u}, "Email") for u in ("email", "e-mail", "e_mail", "e mail")),
    *(({"medium": m}, "Email") for m in ("e-mail", "e_mail", "e mail")),
    ({"source": "firebase"}, "Mobile Push Notifications"),
    ({"medium": "notification"}, "Mobile Push Notifications"),
    *(({"medium": m}, "Referral") for m in ("app", "link")),
]


@pytest.mark.parametrize(("clues", "name"), PLAUSIBLE, ids=repr)
def test_the_cases_of_plausible(clues: dict[str, Any], name: str) -> None:
    assert channel_of(**clues) == name


@pytest.mark.parametrize(("clues", "name"), GA4, ids=repr)
def test_the_rules_of_google_analytics(clues: dict[str, Any], name: str) -> None:
    assert channel_of(**clues) == name


def test_channels_are_in_the_order_of_the_rules() -> None:
    assert CHANNELS == (
        "Cross-network",
        "Paid Shopping",
        "Paid Search",
        "Paid Social",
        "Paid Video",
        "Display",
        "Paid Other",
        "Organic Shopping",
        "Organic Social",
        "Organic Video",
        "AI Assistants",
        "Organic Search",
        "Email",
        "Affiliates",
        "Audio",
        "SMS",
        "Mobile Push Notifications",
        "Referral",
        "Direct",
    )
