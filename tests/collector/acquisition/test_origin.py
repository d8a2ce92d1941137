"""Parameters of the address, of the session and of click ids name one source and channel."""

import pytest

from daybook.collector.acquisition.origin import Origin, Origins
from daybook.collector.acquisition.url import CLICK_IDS, PARAMETERS

ORIGINS = Origins()
GOOGLE = ("gclid", "gbraid", "wbraid", "dclid")


def origin(query: str = "", referrer: str = "", **sent: str) -> Origin:
    texts = [sent.get(name, "") for name in PARAMETERS]
    return ORIGINS.read(f"https://shop.example/?{query}", referrer, "", *texts)


def came_from(query: str = "", referrer: str = "", **sent: str) -> tuple[str | None, str]:
    found = origin(query, referrer, **sent)
    return found.source, found.context["channel"]


@pytest.mark.parametrize(
    ("click_id", "source", "channel"),
    [
        *((name, "Google", "Paid Search") for name in GOOGLE),
        ("msclkid", "Bing", "Paid Search"),
        ("fbclid", "Facebook", "Organic Social"),
        ("ttclid", "TikTok", "Organic Social"),
        ("twclid", "X (Twitter)", "Organic Social"),
        ("li_fat_id", "LinkedIn", "Organic Social"),
    ],
)
def test_a_click_id_names_its_network(click_id: str, source: str, channel: str) -> None:
    for query, sent in ((f"{click_id}=x", {}), ("", {click_id: "x"})):
        assert came_from(query, **sent) == (source, channel)
        shown_on = "https://news.example/article"
        assert came_from(query, shown_on, **sent) == (source, channel)
        assert came_from(f"{query}&utm_medium=cpc", **sent) == (
            source,
            "Paid Search" if channel == "Paid Search" else "Paid Social",
        )
    assert origin(f"{click_id}=x").is_known


def test_the_cases_cover_every_click_id() -> None:
    assert {*GOOGLE, "msclkid", "fbclid", "ttclid", "twclid", "li_fat_id"} == set(CLICK_IDS)


@pytest.mark.parametrize(
    ("query", "referrer", "expected"),
    [
        ("gclid=x", "https://www.google.de/", ("Google", "Paid Search")),
        ("gbraid=x&utm_source=google", "", ("Google", "Paid Search")),
        ("gclid=x", "https://duckduckgo.com/", ("DuckDuckGo", "Organic Search")),
        ("utm_source=duckduckgo&gclid=x", "", ("DuckDuckGo", "Organic Search")),
        ("msclkid=x&utm_source=google", "", ("Google", "Organic Search")),
        # A name of the shop's own stays, and the channel is the network's.
        ("gclid=x&utm_source=spring", "", ("spring", "Paid Search")),
        ("fbclid=x&utm_source=spring", "", ("spring", "Organic Social")),
        ("fbclid=x&utm_source=spring&utm_medium=email", "", ("spring", "Organic Social")),
        ("ref=partner&gclid=x", "", ("partner", "Paid Search")),
        ("fbclid=x&gclid=y", "", ("Google", "Paid Search")),
        ("gclid=", "", (None, "Direct")),
        ("gclid=%20", "", (None, "Direct")),
        ("GCLID=x", "", (None, "Direct")),
    ],
)
def test_a_known_source_wins_over_a_click_id(
    query: str, referrer: str, expected: tuple[str | None, str]
) -> None:
    assert came_from(query, referrer) == expected


def test_the_session_and_the_address_give_the_same() -> None:
    for name in PARAMETERS:
        value = "caf%C3%A9"
        assert origin(f"{name}={value}").context == origin(**{name: "café"}).context
        assert origin(**{name: value}).context == origin(**{name: " caf\u0000e\u0301 "}).context


def test_what_the_session_has_wins_over_the_address() -> None:
    assert came_from("utm_source=one", utm_source="two")[0] == "two"
    assert came_from("utm_source=one", ref="two")[0] == "one"


def test_no_click_id_is_kept() -> None:
    assert "secret" not in str(origin("gclid=secret", fbclid="secret"))


def test_a_name_is_cut_after_it_is_decoded() -> None:
    found = origin(f"utm_campaign={'%C3%A9' * 250}", utm_term="%C3%A9" * 250).context
    assert (found["utm_campaign"], found["utm_term"]) == ("é" * 200, "é" * 200)
