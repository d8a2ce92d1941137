"""Months are the sums of their days, and documents are printed as readable JSON."""

import json
from datetime import UTC, date, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from daybook.cli.demo.cdnow import Purchase, Totals
from daybook.cli.demo.cdnow_events import purchase_events
from daybook.cli.demo.console import Steps, bars
from daybook.cli.demo.report import Documents, as_json, date_range, dollars, table


def revenue(day: str, paid: int, gross: int, credited: int) -> dict[str, Any]:
    money = {
        "paid_orders": paid,
        "gross_revenue_cents": gross,
        "revenue_by_community": {"unattributed": gross - credited, "jazz-club": credited},
    }
    return {"date": datetime.fromisoformat(f"{day}T00:00:00Z"), "currencies": {"USD": money}}


def documents() -> Documents:
    funnel = {"orders_created": 7, "payments_failed": 1}
    return Documents(
        users=[{"date": datetime(1997, 1, 31, tzinfo=UTC), "registrations": 4}],
        orders=[
            {"date": datetime(1997, 2, 1, tzinfo=UTC), **funnel},
            {"date": datetime(1997, 3, 1, tzinfo=UTC), **dict.fromkeys(funnel, 0)},
        ],
        revenue=[
            revenue("1997-01-30", 3, 1_000, 100),
            revenue("1997-01-31", 1, 5, 0),
            revenue("1997-02-01", 2, 25, 25),
            {"date": datetime(1997, 2, 2, tzinfo=UTC), "currencies": {}},
        ],
    )


def test_totals_are_the_sums_of_the_documents() -> None:
    assert documents().totals() == Totals(purchases=6, cents=1_030, customers=4)


def test_months_without_events_are_left_out() -> None:
    months = documents().months()
    assert list(months) == ["1997-01", "1997-02"]
    assert months["1997-01"] == {
        "registrations": 4,
        "paid_orders": 4,
        "gross_revenue_cents": 1_005,
        "by_community": 100,
    }


def test_the_table_ends_with_the_sum() -> None:
    out = StringIO()
    Console(file=out, width=80).print(table(documents().months()))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["1997-01", "4", "0", "0", "4", "10.05", "2.51", "1.00"]
    assert lines[-1] == ["all", "4", "7", "1", "6", "10.30", "1.72", "1.25"]


@pytest.mark.parametrize(
    ("cents", "formatted"), [(0, "0.00"), (5, "0.05"), (250_031_563, "2,500,315.63")]
)
def test_cents_are_formatted_as_dollars(cents: int, formatted: str) -> None:
    assert dollars(cents) == formatted


def test_the_date_range_holds_the_events_in_every_time_zone() -> None:
    events = purchase_events([Purchase("00001", datetime(1997, 1, 1, tzinfo=UTC), 1)])
    first, last = date_range(events)
    assert first <= date(1996, 12, 31) and last >= date(1997, 1, 2)


def test_a_document_is_printed_as_json_with_numbers_before_maps() -> None:
    document = {"hours": {"07": {"x": 1}}, "_id": "1997-01-01", "paid": 3, "long": {"a": "x" * 200}}
    printed = as_json(document)
    assert json.loads(printed) == document
    assert list(json.loads(printed)) == ["_id", "paid", "hours", "long"]
    assert '  "hours": {"07": {"x": 1}}' in printed.splitlines()[3]


def test_without_a_terminal_progress_is_printed_as_lines() -> None:
    out = StringIO()
    with bars(Console(file=out, width=80), {"revenue": 2_000}) as advance:
        for done in (0, 1_000, 2_000, 2_000):
            advance("revenue", done)
    assert out.getvalue() == "revenue: 2,000 of 2,000\n"


def test_steps_are_numbered_and_timed() -> None:
    out = StringIO()
    steps = Steps(Console(file=out, width=80), 2)
    for title in ("one", "two"):
        with steps.step(title):
            pass
    lines = [line for line in out.getvalue().splitlines() if line]
    assert [lines[0], lines[2]] == ["[1/2] one", "[2/2] two"]
    assert all(line.endswith(" s") for line in lines[1::2])
