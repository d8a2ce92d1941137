"""The sources that visitors come from. Most cases are those of Plausible's tests."""

import pytest

from daybook.collector.acquisition.known_sources import Sources
from daybook.collector.acquisition.source import source
from daybook.collector.acquisition.url import page

SOURCES = Sources()


def resolve(url: str = "https://plausible.io/", referrer: str = "") -> str | None:
    here = page(url)
    return source(SOURCES, here.parameters, referrer, here.host).name


@pytest.mark.parametrize(
    ("referrer", "name"),
    [
        ("https://google.com", "Google"),
        ("https://www.google.co.uk/search?q=x", "Google"),
        ("https://google.de", "Google"),
        ("https://en.m.wikipedia.org", "Wikipedia"),
        ("https://wikipedia.org", "Wikipedia"),
        ("https://www.wikipedia.org", "Wikipedia"),
        ("https://zu.wikipedia.org", "Wikipedia"),
        ("https://notwikipedia.org", "notwikipedia.org"),
        ("https://www.markosaric.com", "markosaric.com"),
        ("https://bsky.app", "Bluesky"),
        ("https://go.bsky.app", "Bluesky"),
        ("https://mastodon.social", "Mastodon"),
        ("https://fosstodon.org", "Mastodon"),
        ("https://gemini.google.com", "Google Gemini"),
        ("https://chatgpt.com", "ChatGPT"),
        ("https://chat.openai.com", "ChatGPT"),
        ("https://claude.ai", "Claude"),
        ("https://phind.com", "Phind"),
        ("https://copilot.microsoft.com", "Microsoft Copilot"),
        ("https://copilot.com", "Microsoft Copilot"),
        ("https://x.com", "X (Twitter)"),
        ("https://t.co", "X (Twitter)"),
        ("https://kagi.com", "Kagi"),
        ("https://l.threads.com", "Threads"),
        ("https://pplx.ai", "Perplexity"),
        ("https://officeapps.live.com", "Microsoft 365"),
        ("https://cac-excel.officeapps.live.com", "Microsoft 365"),
        ("https://ukc-word-edit.officeapps.live.com", "Microsoft 365"),
        ("https://notofficeapps.live.com", "notofficeapps.live.com"),
        ("https://l.facebook.com/l.php?u=x", "Facebook"),
        ("https://mail.google.com/mail/u/0", "Gmail"),
        ("https://ya.ru", "Yandex"),
        ("https://yandex.kz", "Yandex"),
        ("https://ntp.msn.com", "Bing"),
        ("https://search.brave.com", "Brave"),
        ("https://statics.teams.cdn.office.net", "Microsoft Teams"),
        ("android-app://com.reddit.frontpage", "Reddit"),
        ("android-app://org.example.reader", "android-app://org.example.reader"),
        ("https://google.evil.example", "google.evil.example"),
        ("https://EXAMPLE.org:8443/path", "example.org"),
    ],
)
def test_a_referrer_has_a_canonical_name(referrer: str, name: str) -> None:
    assert resolve(referrer=referrer) == name


@pytest.mark.parametrize(
    "referrer",
    [
        "",
        "https://plausible.io/docs",
        "https://www.plausible.io",
        "http://localhost:8000",
        "about:blank",
        "ftp://example.org",
        "https://",
        "http://[broken",
        "no address",
    ],
)
def test_the_own_site_and_invalid_referrers_are_no_source(referrer: str) -> None:
    assert resolve(referrer=referrer) is None


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("utm_source=google", "Google"),
        ("utm_source=GOOGLE", "Google"),
        ("utm_source=wikipedia", "Wikipedia"),
        ("utm_source=ig", "Instagram"),
        ("utm_source=adwords", "Google"),
        ("utm_source=t.me", "Telegram"),
        ("source=producthunt", "Product Hunt"),
        ("ref=github.com", "GitHub"),
        ("utm_source=Partner", "partner"),
        ("ref=one&source=two&utm_source=three", "three"),
        ("ref=one&source=two", "two"),
        ("utm_source=&ref=one", "one"),
        ("utm_source=%28direct%29", None),
    ],
)
def test_the_links_parameters_name_the_source(query: str, name: str | None) -> None:
    assert resolve(f"https://plausible.io/?{query}") == name


def test_the_links_parameters_win_over_the_referrer() -> None:
    assert resolve("https://plausible.io/?ref=partner", "https://google.com") == "partner"


def test_only_the_host_of_a_referrer_is_stored() -> None:
    found = source(SOURCES, {}, "https://www.google.com/search?q=secret", "plausible.io")
    assert found.referrer_host == "www.google.com"


def test_every_source_has_a_category_that_the_rules_use() -> None:
    used = {"search", "ai", "social", "video", "shopping", "email", "push", ""}
    assert {source.category for source in SOURCES._by_name.values()} == used
