"""The building blocks of the reports: amounts, uniques, series, keys, pages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.sketches import add_keys
from daybook.query.figures.comparison import change
from daybook.query.figures.date_range import Granularity
from daybook.query.figures.map_keys import name_of
from daybook.query.figures.money import CurrencyPreference, amount, main_currency, others
from daybook.query.figures.pagination import Cursor, parse_cursor, render_cursor
from daybook.query.figures.series import points
from daybook.query.figures.shares import shares
from daybook.query.figures.uniques import count_uniques
from daybook.query.funnels.realtime import from_sessions
from tests.query.funnels.build import day, span


def euros(cents: int) -> dict[str, Any]:
    return {"currencies": {"EUR": {"value_cents": cents}}}


BOTH = {"currencies": {"EUR": {"value_cents": 1}, "USD": {"value_cents": 900}}}
ZEROS = {"currencies": {"EUR": {"value_cents": 1}, "CHF": {"value_cents": 0}}}


class TestMoney:
    @pytest.mark.parametrize(
        ("days", "preference", "currency"),
        [
            ([], CurrencyPreference("EUR"), "EUR"),
            ([BOTH], CurrencyPreference("USD"), "USD"),
            ([BOTH], CurrencyPreference("CHF"), "EUR"),
            ([BOTH, euros(1)], CurrencyPreference(), "EUR"),
            ([BOTH], CurrencyPreference("EUR", "USD"), "USD"),
            ([BOTH], CurrencyPreference("EUR", "CHF"), "CHF"),
            ([ZEROS], CurrencyPreference("CHF"), "EUR"),
            ([], CurrencyPreference(), None),
        ],
    )
    def test_the_main_currency(
        self, days: list[Any], preference: CurrencyPreference, currency: str | None
    ) -> None:
        assert main_currency(days, ("value_cents",), preference) == currency

    def test_other_currencies_are_those_with_an_amount(self) -> None:
        assert others([BOTH, ZEROS], ("value_cents",), "EUR") == ["USD"]

    def test_a_sum_has_one_currency(self) -> None:
        assert amount([BOTH, euros(5)], "value_cents", "EUR") == 6
        assert amount([BOTH, euros(5)], "value_cents", "USD") == 900
        assert amount([BOTH], "value_cents", None) == 0


class TestUniques:
    def people(self, *names: str) -> dict[str, Any]:
        return {"sketch": add_keys(None, names), "_daybook": {"model": 1}}

    def test_one_day_is_exact(self) -> None:
        found = count_uniques([day("2026-01-05", unique_visitors=7)], [])
        assert (found.count, found.method, found.lower, found.upper) == (7, "exact", 7, 7)

    def test_a_range_with_few_people_is_exact(self) -> None:
        days = [day(f"2026-01-0{n}", unique_visitors=2) for n in (5, 6)]
        found = count_uniques(days, [self.people("a", "b"), self.people("b", "c")])
        assert (found.count, found.method, found.by_day) == (3, "exact", 4)
        assert found.standard_error == 0

    def test_a_range_with_many_people_is_an_estimate_with_its_error(self) -> None:
        names = [f"visitor {number}" for number in range(5_000)]
        days = [day(f"2026-01-0{n}", unique_visitors=4_000) for n in (5, 6)]
        found = count_uniques(days, [self.people(*names[:4_000]), self.people(*names[1_000:])])
        assert found.method == "estimate"
        assert found.lower <= 5_000 <= found.upper
        assert found.count == pytest.approx(5_000, rel=0.05)
        assert found.standard_error == pytest.approx(0.01625)

    def test_the_count_lies_between_the_busiest_day_and_the_sum_of_all_days(self) -> None:
        names = [f"visitor {number}" for number in range(3_000)]
        days = [day("2026-01-05", unique_visitors=3_000), day("2026-01-06", unique_visitors=1)]
        found = count_uniques(days, [self.people(*names)])
        assert 3_000 <= found.lower <= found.count <= found.upper <= 3_001

    def test_the_count_is_at_least_the_number_of_new_visitors(self) -> None:
        names = [f"visitor {number}" for number in range(600)]
        days = [day(f"2026-01-0{n}", unique_visitors=400, new_visitors=306) for n in (5, 6)]
        found = count_uniques(days, [self.people(*names)])
        assert 612 <= found.lower <= found.count <= found.upper <= 800

    def test_with_incomplete_sketches_only_the_bounds_of_the_days_are_known(self) -> None:
        days = [day(f"2026-01-0{n}", unique_visitors=n) for n in (5, 6)]
        found = count_uniques(days, [self.people("a") | {"_daybook": {"model": 0}}])
        assert (found.method, found.lower, found.upper) == ("estimate", 6, 11)
        assert found.standard_error is None

    def test_without_visitors_the_count_is_0(self) -> None:
        assert count_uniques([], []).count == 0


class TestSeries:
    @pytest.mark.parametrize(
        ("granularity", "first", "last", "count"),
        [
            ("day", "2026-01-05", "2026-01-07", 3),
            ("week", "2026-01-07", "2026-01-13", 2),
            ("month", "2026-01-31", "2026-03-01", 3),
            ("hour", "2026-01-05", "2026-01-05", 24),
            # In Berlin clocks go forward, and back.
            ("hour", "2026-03-29", "2026-03-29", 23),
            ("hour", "2026-10-25", "2026-10-25", 24),
        ],
    )
    def test_a_series_has_every_point(
        self, granularity: Granularity, first: str, last: str, count: int
    ) -> None:
        found = list(points([], span(first, last, "Europe/Berlin"), granularity))
        assert len({point.timestamp for point in found}) == len(found) == count

    def test_a_day_begins_in_the_fleets_zone_and_is_rendered_in_the_callers(self) -> None:
        (point,) = points([], span("2026-01-05", "2026-01-05", "Europe/Berlin", "UTC"), "day")
        assert point.timestamp == "2026-01-04T23:00:00Z"

    def test_days_are_grouped_into_weeks(self) -> None:
        days = [day(f"2026-01-{n:02d}", visits=n) for n in (7, 11, 12)]
        found = points(days, span("2026-01-07", "2026-01-13"), "week")
        visits = [sum(each["visits"] for each in point.documents) for point in found]
        assert visits == [18, 12]

    def test_months_are_those_of_the_fleets_zone_and_the_first_begins_with_the_range(self) -> None:
        days = [day(f"2026-{date}", visits=n) for n, date in ((1, "01-20"), (2, "02-01"))]
        found = points(days, span("2026-01-07", "2026-02-03", "Europe/Berlin", "UTC"), "month")
        visits = [(point.timestamp, *(d["visits"] for d in point.documents)) for point in found]
        assert visits == [("2026-01-06T23:00:00Z", 1), ("2026-01-31T23:00:00Z", 2)]

    def test_an_hour_of_a_day_with_several_currencies_has_no_amounts(self) -> None:
        one = day("2026-01-05", hours={"10": {"value_cents": 5}}, **euros(5))
        both = day("2026-01-06", hours={"10": {"conversions": 2}}, **BOTH)
        found = list(points([one, both], span("2026-01-05", "2026-01-06"), "hour"))
        assert amount(found[10].documents, "value_cents", "EUR") == 5
        assert amount(found[34].documents, "value_cents", "EUR") is None
        assert amount(found[35].documents, "value_cents", "EUR") == 0


class TestNames:
    @given(st.text(min_size=1, max_size=30))
    def test_a_key_decodes_to_its_text(self, text: str) -> None:
        assert name_of(encode_key(text)) == text

    def test_a_text_that_equals_a_reserved_key_stays_encoded(self) -> None:
        assert name_of("%6Fther", {"other"}) == "%6Fther"
        assert name_of("other", {"other"}) == "other"

    def test_shares_have_ten_rows_and_the_rest(self) -> None:
        counts = {f"k{n:02d}": n for n in range(1, 13)} | {"other": 5}
        rows, rest = shares(counts)
        assert [row.visitors for row in rows] == list(range(12, 2, -1))
        assert rest.visitors == 1 + 2 + 5
        every = sum(row.percentage for row in rows) + rest.percentage
        assert every == pytest.approx(100)


@pytest.mark.parametrize(
    ("now", "before", "absolute", "relative"),
    [(3, 2, 1, 0.5), (1, 2, -1, -0.5), (1, 0, 1, None), (1, None, None, None), (1, -2, 3, 1.5)],
)
def test_a_change_is_absolute_and_relative(
    now: float | None, before: float | None, absolute: float | None, relative: float | None
) -> None:
    assert change(now, before) == {"absolute": absolute, "relative": relative}


@given(st.integers(631_152_000_000, 4_102_444_800_000), st.text(max_size=50))
def test_a_cursor_survives_rendering_and_parsing(at_ms: int, name: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    assert parse_cursor(render_cursor(Cursor(at, name))) == (at, name)


def test_a_visitor_with_two_sessions_is_at_the_step_of_the_latest() -> None:
    def session(number: int, minute: int, step: str) -> dict[str, Any]:
        at = datetime(2026, 1, 5, 10, minute, tzinfo=UTC)
        event = {"event_type": "step_entry", "step_id": step, "at": at}
        return {
            "visitor_id": "v",
            "session_id": f"s{number}",
            "last_at": at,
            "events": [event],
            "conversions": [],
        }

    now = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
    found = from_sessions([session(1, 20, "b"), session(2, 10, "a")], now)
    assert (found.active, found.by_step) == (1, {"b": 1})
