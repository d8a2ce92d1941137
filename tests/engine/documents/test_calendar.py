"""The day and hour of an event, and which times are refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daybook.engine.documents.calendar import Calendar, DayHour
from daybook.engine.errors import Poison
from tests.support.times import SAME_TIMES

NOON_MS = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
UTC_CALENDAR = Calendar(ZoneInfo("UTC"))
BERLIN = Calendar(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("occurred_at", "day_hour"),
    [
        ("2026-11-20T23:59:59.999999Z", DayHour("2026-11-20", "23")),
        ("2026-11-20T23:59:59+00:00", DayHour("2026-11-20", "23")),
        ("2026-11-21T00:30:00+01:00", DayHour("2026-11-20", "23")),
        ("2026-11-20T22:00:00.5-03:30", DayHour("2026-11-21", "01")),
        ("1990-01-01T00:00:00Z", DayHour("1990-01-01", "00")),
        ("2024-02-29T07:00:00Z", DayHour("2024-02-29", "07")),
    ],
)
def test_the_utc_offset_decides_the_day(occurred_at: str, day_hour: DayHour) -> None:
    assert UTC_CALENDAR.day_hour(occurred_at, NOON_MS) == day_hour


@pytest.mark.parametrize(
    ("occurred_at", "day_hour"),
    [
        ("2026-10-24T22:00:00Z", DayHour("2026-10-25", "00")),
        ("2026-10-25T00:30:00Z", DayHour("2026-10-25", "02")),
        ("2026-10-25T01:30:00Z", DayHour("2026-10-25", "02")),
        ("2026-10-25T22:59:59Z", DayHour("2026-10-25", "23")),
        ("2026-03-29T00:59:00Z", DayHour("2026-03-29", "01")),
        ("2026-03-29T01:00:00Z", DayHour("2026-03-29", "03")),
    ],
)
def test_days_of_25_and_23_hours(occurred_at: str, day_hour: DayHour) -> None:
    assert BERLIN.day_hour(occurred_at, NOON_MS) == day_hour


@pytest.mark.parametrize(("zone", "hours"), [("2026-10-25", 25), ("2026-03-29", 23)])
def test_a_day_has_as_many_hours_as_the_zone_says(zone: str, hours: int) -> None:
    start = datetime.fromisoformat(f"{zone}T00:00:00+00:00") - timedelta(hours=4)
    moments = [start + timedelta(hours=n) for n in range(34)]
    days = [BERLIN.day_hour(f"{m:%Y-%m-%dT%H:%M:%S}Z", NOON_MS).day for m in moments]
    assert days.count(zone) == hours


@pytest.mark.parametrize(
    "occurred_at",
    [
        "1989-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "2026-06-31T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T10:60:00Z",
        "2026-11-20T10:00:60Z",
        "2026-11-20T10:00:00+25:00",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-12:00",
        "2099-01-01T00:00:00Z",
    ],
)
def test_impossible_times_are_refused(occurred_at: str) -> None:
    with pytest.raises(Poison) as poison:
        UTC_CALENDAR.day_hour(occurred_at, NOON_MS)
    assert poison.value.reason == "occurred_at"


@pytest.mark.parametrize(("text", "at"), SAME_TIMES)
def test_a_time_in_any_form_has_the_same_day_and_hour(text: str, at: str) -> None:
    for zone in ("UTC", "Asia/Kolkata"):
        calendar = Calendar(ZoneInfo(zone))
        day_hour = calendar.day_hour(at, NOON_MS)
        assert calendar.day_hour(text, NOON_MS) == day_hour
        times = ["2026-11-20T10:00:00Z", text]
        assert calendar.day_hours(times, [NOON_MS] * 2)[1] == day_hour


def test_further_digits_are_cut_off_before_a_time_is_compared_with_its_arrival() -> None:
    assert UTC_CALENDAR.day_hour("2026-11-22T12:00:00.000999Z", NOON_MS).day == "2026-11-22"
    assert UTC_CALENDAR.day_hour("2026-11-22T11:59:60Z", NOON_MS).hour == "12"
    with pytest.raises(Poison):
        UTC_CALENDAR.day_hour("2026-11-22t12:00:00.001000001z", NOON_MS)
    with pytest.raises(Poison):
        UTC_CALENDAR.day_hour("2026-11-22T12:14:60Z", NOON_MS)


def test_an_event_may_be_at_most_24_hours_ahead_of_its_arrival() -> None:
    assert UTC_CALENDAR.day_hour("2026-11-22T12:00:00.000Z", NOON_MS).day == "2026-11-22"
    with pytest.raises(Poison):
        UTC_CALENDAR.day_hour("2026-11-22T12:00:00.001Z", NOON_MS)
    with pytest.raises(Poison):
        UTC_CALENDAR.day_hour("2026-11-22T12:00:01Z", NOON_MS)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_day_hours_gives_the_same_as_day_hour(zone: str) -> None:
    many, single = Calendar(ZoneInfo(zone)), Calendar(ZoneInfo(zone))
    for begin in (datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 4, 4, 12, tzinfo=UTC)):
        minutes = [begin + timedelta(minutes=n) for n in range(1_440)]
        times = [f"{moment:%Y-%m-%dT%H:%M}:30Z" for moment in minutes]
        day_hours = [single.day_hour(each, NOON_MS) for each in times]
        for _ in range(2):
            assert many.day_hours(times, [NOON_MS] * len(times)) == day_hours


@pytest.mark.parametrize("occurred_at", ["2026-11-20T10:60:00Z", "2026-11-20T10:00:60Z"])
def test_day_hours_refuses_one_impossible_time(occurred_at: str) -> None:
    calendar = Calendar(ZoneInfo("UTC"))
    calendar.day_hour("2026-11-20T10:00:00Z", NOON_MS)
    with pytest.raises(Poison):
        calendar.day_hours(["2026-11-20T10:00:00Z", occurred_at], [NOON_MS] * 2)
