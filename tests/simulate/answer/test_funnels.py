"""What a visitor adds to the days of a funnel."""

import pytest

from daybook.simulate.answer.keys import document_id, key
from daybook.simulate.answer.steps import bucket
from tests.simulate.short_logs import FUNNEL_ID, TODAY, Log

HOUR = 3600
TOMORROW = "2026-03-03"


def test_a_session_over_midnight_is_one_session_and_a_visitor_of_both_days() -> None:
    log = Log().view("/a", 11.5 * HOUR).view("/b", 12.5 * HOUR)
    first, second = log.funnel(), log.funnel(TOMORROW)
    assert (first["sessions"], second["sessions"]) == (1, 0)
    assert (first["visitors"], second["visitors"]) == (1, 1)
    assert (first["visit_seconds"], second["visit_seconds"]) == (3600, 0)
    assert (first["new_visitors"], second["returning_visitors"]) == (1, 1)
    assert first["hours"]["23"] == {
        "page_views": 1,
        "sessions": 1,
        "visit_seconds": 3600,
        "visitors": 1,
        "unique_visitors": 1,
        "new_visitors": 1,
    }


def test_days_and_hours_are_those_of_the_zone() -> None:
    log = Log().view("/a", 11.5 * HOUR)
    assert log.funnel(TOMORROW, "Europe/Berlin")["hours"].keys() == {"00"}


def test_a_duplicate_counts_once() -> None:
    assert Log().view("/a", 0).again().funnel()["page_views"] == 1


@pytest.mark.parametrize(
    ("log", "bounced"),
    [
        pytest.param(Log().view("/a", 0), 1, id="one view"),
        pytest.param(Log().view("/a", 0).view("/a", 1), 0, id="two views"),
        pytest.param(Log().enter("A", 0), 0, id="an entry"),
        pytest.param(Log().view("/a", 0).view("/b", 1, funnel_id=None), 1, id="one elsewhere"),
    ],
)
def test_a_session_bounces_if_it_has_one_page_view_in_the_funnel(log: Log, bounced: int) -> None:
    assert log.funnel()["bounced_sessions"] == bounced


def test_a_session_id_of_two_visitors_is_two_sessions() -> None:
    log = Log().view("/a", 0)
    log.visitor = "w"
    assert log.view("/a", 1).funnel()["sessions"] == 2


def test_a_late_earlier_event_elsewhere_makes_a_new_visitor_a_returning_one() -> None:
    log = Log().view("/a", 0).view("/b", -24 * HOUR, funnel_id=None)
    day = log.funnel()
    assert (day["new_visitors"], day["returning_visitors"]) == (0, 1)


def test_a_bot_counts_under_each_reason_and_nowhere_else() -> None:
    log = Log().view("/a", 0, context={"bot": ["rate", "ua.x", "rate"]})
    day = log.funnel()
    assert day["bots"] == {"rate": 1, "ua%2Ex": 1}
    assert (day["page_views"], day["visitors"], day["hours"]) == (0, 0, {})


def test_a_visitor_counts_under_the_source_of_their_first_event_of_the_day() -> None:
    log = Log().view("/a", 10, context={"source": "b"}).view("/a", 0, context={"source": "other"})
    log.convert(20, 500)
    entry = {"visitors": 1, "conversions": 1, "value_cents": 500}
    assert log.funnel()["sources"] == {"%6Fther": entry}
    assert log.funnel()["currencies"]["EUR"]["sources"] == {"%6Fther": {"value_cents": 500}}


def test_a_visitor_without_a_field_counts_under_a_key_of_its_own() -> None:
    day = Log().view("/a", 0).view("/b", 1, context={"source": "b"}).funnel()
    one = {"visitors": 1, "value_cents": 0}
    assert (day["sources"], day["devices"]) == ({"direct": one}, {"unknown": one})


def test_a_field_that_equals_the_key_of_nobody_is_encoded() -> None:
    day = Log().view("/a", 0, context={"source": "direct", "country": "unknown"}).funnel()
    one = {"visitors": 1, "value_cents": 0}
    assert (day["sources"], day["countries"]) == ({"%64irect": one}, {"%75nknown": one})


def test_a_conversion_counts_under_the_page_that_its_session_viewed_last() -> None:
    log = Log().convert(0).view("/a", 10).track("page_view", 20, page_id="b").convert(30, 7)
    assert log.view("/c", 40).funnel()["pages"] == {
        "/a": {"visitors": 1, "value_cents": 0},
        "b": {"visitors": 1, "conversions": 1, "value_cents": 7},
        "/c": {"visitors": 1, "value_cents": 0},
    }


def test_two_currencies_are_never_added() -> None:
    day = Log().convert(0, 500).convert(1, 700, "USD").convert(2, 0).funnel()
    assert day["value_cents"] is None
    assert day["conversions_by_type"] == {"custom": {"count": 3, "value_cents": None}}
    assert {c: own["value_cents"] for c, own in day["currencies"].items()} == {
        "EUR": 500,
        "USD": 700,
    }
    assert day["hours"]["12"] == {
        "conversions": 3,
        "converting_visitors": 1,
        "sessions": 1,
        "visitors": 1,
        "unique_visitors": 1,
        "new_visitors": 1,
        "visit_seconds": 2,
    }


def test_money_without_a_currency_counts_under_xxx() -> None:
    day = Log().track("conversion", 0, conversion_type="custom", value_cents=5).funnel()
    assert (day["value_cents"], day["currencies"]["XXX"]["value_cents"]) == (5, 5)


def test_a_day_without_money_has_0_cents_and_no_currency() -> None:
    day = Log().view("/a", 0).funnel()
    assert (day["value_cents"], day["currencies"]) == (0, {})


def test_an_event_without_an_organization_belongs_to_default() -> None:
    log = Log().view("/a", 0)
    log.entries[-1].event["organization_id"] = "default"
    assert log.view("/b", 1).fields("analytics_funnel", FUNNEL_ID)["page_views"] == 2


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("a.b$c%d:e\0", "a%2Eb%24c%25d%3Ae%00"),
        ("direct", "%64irect"),
        ("Direct", "Direct"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 150 + "~84a0678c90937f5d"),
    ],
)
def test_names_are_encoded_and_shortened_to_keys(name: str, encoded: str) -> None:
    assert key(name) == encoded


def test_reserved_words_stay_unencoded_in_an_id() -> None:
    assert document_id("acme", "f:1", "direct", TODAY) == f"acme:f%3A1:direct:{TODAY}"


@pytest.mark.parametrize(
    ("ms", "index"), [(0, 0), (1, 1), (2, 2), (24, 24), (25, 25), (49, 49), (50, 49), (51, 50)]
)
def test_durations_fall_into_the_documented_buckets(ms: int, index: int) -> None:
    assert bucket(ms) == index


def test_a_visitor_is_named_on_the_days_with_an_event_after_they_named_a_user() -> None:
    log = Log().view("/a", -24 * HOUR).view("/a", 5, user_id="u").view("/a", 24 * HOUR)
    days = ("2026-03-01", TODAY, TOMORROW)
    assert [log.funnel(day)["named_visitors"] for day in days] == [0, 1, 1]
    assert log.view("/a", -24 * HOUR + 1).funnel("2026-03-01")["named_visitors"] == 1


def test_neither_a_bot_nor_a_duplicate_names_a_visitor() -> None:
    log = Log().view("/a", 0, user_id="u", context={"bot": ["rate"]}).view("/a", 1)
    assert log.funnel()["named_visitors"] == 0
