"""Ranges of days: how they are parsed and divided into buckets."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.query.figures.date_range import DAYS_MAX, Granularity, Span, iso_timestamp, parse_span
from daybook.query.problem import Problem

ROME, NEW_YORK = ZoneInfo("Europe/Rome"), ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")
TODAY = date(2026, 11, 20)


def parse(first: str, last: str, zone: ZoneInfo = UTC_ZONE) -> Span:
    return parse_span(first, last, zone, zone, TODAY)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("2026-11-20", "2026-11-21", ("2026-11-20", "2026-11-21")),
        ("2026-11-20T00:00:00+01:00", "2026-11-22T00:00:00+01:00", ("2026-11-20", "2026-11-21")),
        ("2026-11-19T23:00:00Z", "2026-11-21T22:59:59Z", ("2026-11-20", "2026-11-21")),
        ("2026-11-19t23:00:00z", "2026-11-21T23:59:59.999+01:00", ("2026-11-20", "2026-11-21")),
        ("2026-11-20 00:00", "2026-11-22T00:00:00", ("2026-11-20", "2026-11-21")),
        ("20261120", "2026-11-21", ("2026-11-20", "2026-11-21")),
        ("2026-03-29T00:00:00", "2026-03-30T00:00:00+02:00", ("2026-03-29", "2026-03-29")),
    ],
)
def test_an_instant_begins_or_ends_a_day_of_the_fleets_zone(
    first: str, last: str, days: tuple[str, str]
) -> None:
    """At midnight a range ends: it does not have the day that begins then."""
    span = parse(first, last, ROME)
    assert (span.first.isoformat(), span.last.isoformat()) == days


@pytest.mark.parametrize(
    ("first", "last", "about"),
    [
        (
            "2026-11-20T10:00:00Z",
            "2026-11-21",
            "from: .*the instant at which one begins in E",
        ),
        (
            "2026-11-20T00:00:00Z",
            "2026-11-21",
            "from: .*the instant at which one begins in E",
        ),
        (
            "2026-11-20",
            "2026-11-21T10:00:00",
            "to: .*the instant at which one ends in E",
        ),
        ("2026-11-20T00:00:00", "2026-11-20T00:00:00", "from: must not be after `to`"),
        ("2026-11-20T00:00", "0001-01-01T00:00:00Z", "to: must be a day such as"),
    ],
)
def test_an_instant_within_a_day_is_refused_with_the_reason(
    first: str, last: str, about: str
) -> None:
    with pytest.raises(Problem, match=about):
        parse(first, last, ROME)


def test_problems_name_a_bound_as_the_request_did() -> None:
    names = ("date_from", "date_to")
    for first, last, about in (
        ("soon", "2026-11-20", "date_from: must be a day"),
        ("2026-11-20", "2026-11-19", "date_from: must not be after `date_to`"),
        ("2016-11-20", "2026-11-20", "date_to: a range must not be longer than a year"),
    ):
        with pytest.raises(Problem, match=about):
            parse_span(first, last, UTC_ZONE, UTC_ZONE, TODAY, names)


def test_the_preceding_period_ends_where_the_range_begins() -> None:
    before = parse("2026-11-10", "2026-11-16").previous()
    assert (before.first, before.last) == (date(2026, 11, 3), date(2026, 11, 9))


def test_days_of_23_and_25_hours_begin_at_midnight() -> None:
    span = parse("2026-03-28", "2026-10-26", ROME)
    assert span.midnight(date(2026, 3, 29)) == "2026-03-29T00:00:00+01:00"
    assert span.midnight(date(2026, 3, 30)) == "2026-03-30T00:00:00+02:00"
    assert span.midnight(date(2026, 10, 26)) == "2026-10-26T00:00:00+01:00"


def test_midnights_are_rendered_in_the_callers_zone() -> None:
    span = parse_span("2026-11-20", "2026-11-20", NEW_YORK, ROME, TODAY)
    assert span.midnight(span.first) == "2026-11-20T06:00:00+01:00"
    assert iso_timestamp(datetime(2026, 11, 20, tzinfo=UTC), UTC_ZONE) == "2026-11-20T00:00:00Z"


DAYS = st.dates(date(2000, 1, 1), date(2026, 11, 20))
GRANULARITIES: st.SearchStrategy[Granularity] = st.sampled_from(("day", "week", "month"))


@given(first=DAYS, days=st.integers(1, DAYS_MAX), granularity=GRANULARITIES)
def test_buckets_cover_the_range_without_gaps(
    first: date, days: int, granularity: Granularity
) -> None:
    last = date.fromordinal(min(first.toordinal() + days - 1, TODAY.toordinal()))
    span = parse(first.isoformat(), last.isoformat())
    within = [
        date.fromordinal(n)
        for bucket in span.buckets(granularity)
        for n in range(bucket.first.toordinal(), bucket.last.toordinal() + 1)
    ]
    assert within == [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]


@given(st.text(max_size=40))
def test_any_text_is_either_a_range_or_a_problem(text: str) -> None:
    try:
        span = parse(text, "2026-11-20")
    except Problem as problem:
        assert problem.status == 422
    else:
        assert span.last == TODAY
