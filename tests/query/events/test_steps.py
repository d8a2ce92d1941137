"""The steps of a ticketed event have the rates between them."""

import pytest

from daybook.query.events.steps import steps
from daybook.query.figures.totals import Numbers


def numbers(*counts: int) -> Numbers:
    fields = ("views", "add_to_cart", "tickets_sold", "emails_confirmed", "admissions")
    return dict(zip(fields, counts, strict=True))


def test_each_step_is_a_share_of_the_one_before() -> None:
    found = steps(numbers(200, 50, 40, 40, 30))
    assert [(row["step"], row["count"]) for row in found] == [
        ("browse", 200),
        ("cart", 50),
        ("payment", 40),
        ("confirmation", 40),
        ("admission", 30),
    ]
    assert [row["conversion_rate"] for row in found] == [None, 0.25, 0.8, 1.0, 0.75]
    assert [row["drop_off_rate"] for row in found] == [
        None,
        *map(pytest.approx, (0.75, 0.2, 0.0, 0.25)),
    ]


def test_more_tickets_than_carts_are_no_loss() -> None:
    payment = steps(numbers(10, 2, 6, 0, 0))[2]
    assert (payment["conversion_rate"], payment["drop_off_rate"]) == (3.0, 0.0)


def test_after_a_step_that_nobody_took_there_is_no_rate() -> None:
    assert [row["conversion_rate"] for row in steps(numbers(0, 0, 0, 0, 0))] == [None] * 5
