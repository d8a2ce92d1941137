"""The sources that visitors come from. Most cases are those of Plausible's tests."""

from pathlib import Path

import pytest

from daybook.collector.acquisition import known_sources
from daybook.collector.acquisition.known_sources import Sources
from daybook.collector.acquisition.source import source
from daybook.collector.acquisition.url import page
from tests.support.matomo_lists import rows

SOURCES = Sources()
TABLES = Path(known_sources.__file__).parent


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
        ("https://google.com.br/", "Google"),
        ("https://google.cat", "Google"),
        ("https://google.xyz", "google.xyz"),
        ("https://google.shop", "google.shop"),
        ("https://google.zz", "google.zz"),
        ("https://google.co.zz", "google.co.zz"),
        ("https://google.co.uk.example", "google.co.uk.example"),
        ("https://www.google.org.uk", "google.org.uk"),
        ("https://amazon.dev", "amazon.dev"),
        ("https://yahoo.com", "Yahoo!"),
        ("https://BÜCHER.example.", "xn--bcher-kva.example"),
        ("https://Google.DE.", "Google"),
        # of Matomo's lists
        ("https://images.google.fr", "Google Images"),
        ("https://fr.search.yahoo.com", "Yahoo!"),
        ("https://zz.altavista.com", "zz.altavista.com"),
        ("https://duck.ai", "Duck.ai"),
        ("https://labs.openai.com", "ChatGPT"),
        ("https://skyfeed.app", "Bluesky"),
        ("https://suche.freenet.de", "Freenet"),
        ("https://www.cnn.com", "cnn.com"),
        ("https://youtube.com", "Youtube"),
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
        ("utm_source=skyfeed.app", "Bluesky"),
        ("utm_source=orange", "orange"),
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


def test_matomos_lists_say_their_origin_date_and_licence() -> None:
    head = (TABLES / "matomo.tsv").read_text().partition("\nBaidu")[0]
    for words in ("searchengine-and-social-list", "commit 3b3a82d", "2026-07-15", "CC0-1.0"):
        assert words in head


def test_matomos_lists_are_converted_to_the_table() -> None:
    engines = {
        "Engine": [{"urls": ["www.engine.com", "engine.{}", "{}.engine.org", "portal.com"]}],
        "Another": [{"urls": ["search.portal.com", "a.{}.another.com", "another.com/images"]}],
        "Nothing": [{"urls": ["portal.com"]}],
    }
    assert list(rows(engines, {"Net": ["net.com"]}, {"AI": ["ai.com", "x.com/i/ai"]})) == [
        ("AI", "ai", [".ai.com"]),
        ("Net", "social", [".net.com"]),
        ("Engine", "search", ["engine.com", "engine.*", "*.engine.org"]),
        ("Another", "search", ["search.portal.com"]),
    ]


def test_every_source_has_a_category_that_the_rules_use() -> None:
    used = {"search", "ai", "social", "video", "shopping", "email", "push", ""}
    assert {source.category for source in SOURCES._by_name.values()} == used
