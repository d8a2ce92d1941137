"""The parts that reports are put together of."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.engine.documents.keys import encode_key
from daybook.engine.documents.sketches import add_keys
from daybook.query.figures.comparison import change
from daybook.query.figures.map_keys import name_of
from daybook.query.figures.money import Wanted, amount, main_currency, others
from daybook.query.figures.pagination import Cursor, cursor, place
from daybook.query.figures.series import FunnelGranularity, points
from daybook.query.figures.shares import shares
from daybook.query.figures.uniques import uniques
from daybook.query.funnels.realtime import from_sessions
from tests.query.funnels.build import day, span


def euros(cents: int) -> dict[str, Any]:
    return {"currencies": {"EUR": {"value_cents": cents}}}


BOTH = {"currencies": {"EUR": {"value_cents": 1}, "USD": {"value_cents": 900}}}
ZEROS = {"currencies": {"EUR": {"value_cents": 1}, "CHF": {"value_cents": 0}}}


class TestMoney:
    @pytest.mark.parametrize(
        ("days", "wanted", "currency"),
        [
            ([], Wanted("EUR"), "EUR"),
            ([BOTH], Wanted("USD"), "USD"),
            ([BOTH], Wanted("CHF"), "EUR"),
            ([BOTH, euros(1)], Wanted(), "EUR"),
            ([BOTH], Wanted("EUR", "USD"), "USD"),
            ([BOTH], Wanted("EUR", "CHF"), "CHF"),
            ([ZEROS], Wanted("CHF"), "EUR"),
            ([], Wanted(), None),
        ],
    )
    def test_which_currency_is_told_first(
        self, days: list[Any], wanted: Wanted, currency: str | None
    ) -> None:
        assert main_currency(days, "value_cents", wanted) == currency

    def test_the_others_are_those_that_have_some(self) -> None:
        assert others([BOTH, ZEROS], "value_cents", "EUR") == ["USD"]

    def test_sums_are_of_one_currency(self) -> None:
        assert amount([BOTH, euros(5)], "value_cents", "EUR") == 6
        assert amount([BOTH, euros(5)], "value_cents", "USD") == 900
        assert amount([BOTH], "value_cents", None) == 0


class TestUniques:
    def people(self, *names: str) -> dict[str, Any]:
        return {"sketch": add_keys(None, names), "_daybook": {"model": 1}}

    def test_one_day_is_exact(self) -> None:
        found = uniques([day("2026-01-05", unique_visitors=7)], [])
        assert (found.count, found.method, found.lower, found.upper) == (7, "exact", 7, 7)

    def test_of_few_people_a_range_is_exact(self) -> None:
        days = [day(f"2026-01-0{n}", unique_visitors=2) for n in (5, 6)]
        found = uniques(days, [self.people("a", "b"), self.people("b", "c")])
        assert (found.count, found.method, found.by_day) == (3, "exact", 4)
        assert found.standard_error == 0

    def test_of_many_it_is_an_estimate_with_its_error(self) -> None:
        names = [f"visitor {number}" for number in range(5_000)]
        days = [day(f"2026-01-0{n}", unique_visitors=4_000) for n in (5, 6)]
        found = uniques(days, [self.people(*names[:4_000]), self.people(*names[1_000:])])
        assert found.method == "estimate"
        assert found.lower <= 5_000 <= found.upper
        assert found.count == pytest.approx(5_000, rel=0.05)
        assert found.standard_error == pytest.approx(0.01625)

    def test_it_is_never_less_than_on_one_day_nor_more_than_on_all(self) -> None:
        names = [f"visitor {number}" for number in range(3_000)]
        days = [day("2026-01-05", unique_visitors=3_000), day("2026-01-06", unique_visitors=1)]
        found = uniques(days, [self.people(*names)])
        assert 3_000 <= found.lower <= found.count <= found.upper <= 3_001

    def test_it_is_never_less_than_who_is_new(self) -> None:
        names = [f"visitor {number}" for number in range(600)]
        days = [day(f"2026-01-0{n}", unique_visitors=400, new_visitors=306) for n in (5, 6)]
        found = uniques(days, [self.people(*names)])
        assert 612 <= found.lower <= found.count <= found.upper <= 800

    def test_without_whole_sketches_only_the_days_bounds_are_known(self) -> None:
        days = [day(f"2026-01-0{n}", unique_visitors=n) for n in (5, 6)]
        found = uniques(days, [self.people("a") | {"_daybook": {"model": 0}}])
        assert (found.method, found.lower, found.upper) == ("estimate", 6, 11)
        assert found.standard_error is None

    def test_nobody(self) -> None:
        assert uniques([], []).count == 0


class TestSeries:
    @pytest.mark.parametrize(
        ("granularity", "first", "last", "count"),
        [
            ("day", "2026-01-05", "2026-01-07", 3),
            ("week", "2026-01-07", "2026-01-13", 2),
            ("hour", "2026-01-05", "2026-01-05", 24),
            # Clocks go forward, and back, in Berlin.
            ("hour", "2026-03-29", "2026-03-29", 23),
            ("hour", "2026-10-25", "2026-10-25", 24),
        ],
    )
    def test_every_point_is_there(
        self, granularity: FunnelGranularity, first: str, last: str, count: int
    ) -> None:
        found = list(points([], span(first, last, "Europe/Berlin"), granularity))
        assert len({point.timestamp for point in found}) == len(found) == count

    def test_a_day_begins_in_the_fleets_zone_and_is_told_in_the_callers(self) -> None:
        (point,) = points([], span("2026-01-05", "2026-01-05", "Europe/Berlin", "UTC"), "day")
        assert point.timestamp == "2026-01-04T23:00:00Z"

    def test_days_come_to_their_week(self) -> None:
        days = [day(f"2026-01-{n:02d}", visits=n) for n in (7, 11, 12)]
        found = points(days, span("2026-01-07", "2026-01-13"), "week")
        visits = [sum(each["visits"] for each in point.documents) for point in found]
        assert visits == [18, 12]

    def test_an_hour_of_several_currencies_has_no_money(self) -> None:
        one = day("2026-01-05", hours={"10": {"value_cents": 5}}, **euros(5))
        both = day("2026-01-06", hours={"10": {"conversions": 2}}, **BOTH)
        found = list(points([one, both], span("2026-01-05", "2026-01-06"), "hour"))
        assert amount(found[10].documents, "value_cents", "EUR") == 5
        assert amount(found[34].documents, "value_cents", "EUR") is None
        assert amount(found[35].documents, "value_cents", "EUR") == 0


class TestNames:
    @given(st.text(min_size=1, max_size=30))
    def test_a_key_tells_the_text_that_it_was_made_of(self, text: str) -> None:
        assert name_of(encode_key(text)) == text

    def test_a_text_like_a_word_stays_apart_from_it(self) -> None:
        assert name_of("%6Fther", {"other"}) == "%6Fther"
        assert name_of("other", {"other"}) == "other"

    def test_ten_rows_and_the_rest(self) -> None:
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
def test_changes(
    now: float | None, before: float | None, absolute: float | None, relative: float | None
) -> None:
    assert change(now, before) == {"absolute": absolute, "relative": relative}


@given(st.integers(631_152_000_000, 4_102_444_800_000), st.text(max_size=50))
def test_a_cursor_comes_back_as_it_was(at_ms: int, name: str) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    assert place(cursor(Cursor(at, name))) == (at, name)


def test_a_visitor_in_two_sessions_is_one_where_he_was_last() -> None:
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
