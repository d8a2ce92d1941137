"""Documents are equal only if every field is, in value and type."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64

from daybook.recount.compare import states
from daybook.recount.compare.documents import ABSENT, unequal_fields
from daybook.recount.compare.expected import expected_document
from daybook.recount.compare.maps import fit_map
from daybook.recount.replay.model import Field, Model
from daybook.recount.verdict.report import Difference, Doubt, Report, json_value

DAY = "2026-01-01"
FIELDS = (
    Field("paid", "per_currency", None, None, 1),
    Field("late", "counter", None, None, 2),
    Field("gross", "money", None, None, 1),
    Field("back", "money", None, None, 1),
    Field("net", "difference", "gross", "back", 1),
    Field("average", "average", "gross", "paid", 1),
    Field("late_rate", "rate", "late", "paid", 2),
    Field("by", "money_map", None, None, 1),
)
MODEL = Model("days", {field.name: field for field in FIELDS})
SUMS = {
    "paid": 2,
    "late": 1,
    "currencies.EUR.paid": 2,
    "currencies.EUR.gross": 25,
    "currencies.EUR.by.a": 25,
    "currencies.EUR.by.b": 0,
    "hours.07.paid": 2,
    "hours.07.gross": 25,
    "hours.08.late": 1,
}
DOLLARS = {"paid": 3, "currencies.USD.paid": 1, "currencies.USD.gross": 5, "hours.07.paid": 3}


def stored(**changes: Any) -> dict[str, Any]:
    """A stored document that equals the sums except for the changes."""
    euros = {
        "paid": Int64(2),
        "gross": Int64(25),
        "back": Int64(0),
        "net": Int64(25),
        "average": Int64(12),
        "by": {"a": Int64(25), "b": Int64(0)},
    }
    document: dict[str, Any] = {
        "_id": DAY,
        "_daybook": {"model": 2},
        "updated_at": "whenever",
        "date": datetime(2026, 1, 1, tzinfo=UTC),
        "late": Int64(1),
        "late_rate": 0.5,
        "currencies": {"EUR": euros},
        "hours": {
            "07": {
                "paid": Int64(2),
                "gross": Int64(25),
                "net": Int64(25),
                "average": Int64(12),
                "late_rate": 0.0,
            },
            "08": {"late": Int64(1), "late_rate": None},
        },
    } | deepcopy(euros)
    for path, value in changes.items():
        *above, name = path.split("__")
        branch = document
        for part in above:
            branch = branch[part]
        if value is ABSENT:
            del branch[name]
        else:
            branch[name] = value
    return document


def unequal(document: dict[str, Any], sums: dict[str, int] = SUMS) -> list[tuple[str, Any, Any]]:
    found = unequal_fields(MODEL, DAY, sums, document, keys_max=10)
    return [(each.field, each.stored, each.recounted) for each in found]


def test_an_undamaged_document_is_equal() -> None:
    assert unequal(stored()) == []


@pytest.mark.parametrize(
    ("changes", "field", "recounted"),
    [
        ({"late": Int64(2)}, "late", 1),
        ({"late": 1}, "late", 1),
        ({"late": 1.0}, "late", 1),
        ({"late": "1"}, "late", 1),
        ({"late": None}, "late", 1),
        ({"late": ABSENT}, "late", 1),
        ({"late_rate": 1}, "late_rate", 0.5),
        ({"late_rate": ABSENT}, "late_rate", 0.5),
        ({"date": DAY}, "date", datetime(2026, 1, 1, tzinfo=UTC)),
        ({"date": ABSENT}, "date", datetime(2026, 1, 1, tzinfo=UTC)),
        ({"gross": Int64(24)}, "gross", 25),
        ({"by__a": Int64(24)}, "by.a", 25),
        ({"by__a": ABSENT}, "by.a", 25),
        ({"by": None}, "by", {"a": 25, "b": 0}),
        ({"extra": None}, "extra", ABSENT),
        ({"currencies__EUR__gross": Int64(1)}, "currencies.EUR.gross", 25),
        ({"currencies__EUR__net": ABSENT}, "currencies.EUR.net", 25),
        ({"currencies__EUR__extra": Int64(0)}, "currencies.EUR.extra", ABSENT),
        ({"currencies__XXX": {}}, "currencies.XXX", ABSENT),
        ({"currencies": 5}, "currencies", None),
        ({"hours__07__paid": Int64(3)}, "hours.07.paid", 2),
        ({"hours__07__paid": ABSENT}, "hours.07.paid", 2),
        ({"hours__07__late_rate": None}, "hours.07.late_rate", 0.0),
        ({"hours__09": {"paid": Int64(1)}}, "hours.09.paid", 0),
        ({"hours__09": {"paid": 0.0}}, "hours.09.paid", 0),
        ({"hours__24": {}}, "hours.24", ABSENT),
        ({"hours__07__by": {}}, "hours.07.by", ABSENT),
        ({"hours": ABSENT}, "hours", None),
    ],
    ids=repr,
)
def test_a_damaged_field_is_named(changes: dict[str, Any], field: str, recounted: Any) -> None:
    ((found, _, expected),) = unequal(stored(**changes))
    assert found == field
    assert recounted is None or expected == recounted


@pytest.mark.parametrize("first", [1, 2])
def test_a_missing_currency_is_as_old_as_the_first_of_its_fields(first: int) -> None:
    """A document of a new collection, not yet rebuilt, may lack a currency."""
    newer = Model("days", {field.name: replace(field, since=first) for field in FIELDS})
    found = {
        field.field: field for field in unequal_fields(newer, DAY, SUMS, stored(currencies={}), 9)
    }
    assert found["currencies.EUR"].since == first


def test_a_missing_sum_in_an_hour_equals_zero() -> None:
    document = stored(hours__09={"paid": Int64(0), "net": Int64(0), "average": None})
    document["hours"]["08"] |= {"gross": Int64(0), "back": Int64(0)}
    assert unequal(document) == []


def test_two_currencies_are_never_added_together() -> None:
    expected = expected_document(MODEL, DAY, SUMS | DOLLARS)
    assert {expected[name] for name in ("gross", "back", "net", "average", "by")} == {None}
    assert expected["paid"] == 3
    assert expected["currencies"]["USD"]["average"] == 5
    assert expected["hours"]["07"] == {"paid": 3, "late_rate": 0.0}
    document = stored() | expected
    assert unequal(document, SUMS | DOLLARS) == []
    document["hours"]["07"]["gross"] = Int64(0)
    assert unequal(document, SUMS | DOLLARS) == [("hours.07.gross", 0, ABSENT)]


def test_without_any_currency_money_is_zero() -> None:
    expected = expected_document(MODEL, DAY, {"late": 1, "hours.08.late": 1})
    nothing: dict[str, Any] = {
        "gross": 0,
        "back": 0,
        "net": 0,
        "average": None,
        "by": {},
        "currencies": {},
    }
    assert {name: expected[name] for name in nothing} == nothing


@pytest.mark.parametrize(
    ("total", "number", "average"),
    [(5, 2, 2), (7, 2, 4), (3, 4, 1), (1, 4, 0), (2**60 + 3, 1, None)],
)
def test_averages_round_half_to_even(total: int, number: int, average: int | None) -> None:
    found = MODEL.fields["average"].derive({"gross": total, "paid": number})
    assert found == (total if average is None else average)


def test_a_map_below_the_limit_names_every_key() -> None:
    full = {key: Int64(1) for key in ("a", "b", "unattributed")}
    assert fit_map(full, {"other": Int64(3)}, 3) == full


def test_beyond_the_limit_named_keys_are_exact_and_the_rest_is_other() -> None:
    full = {key: Int64(number) for number, key in enumerate("abcdefg", 1)} | {
        "unattributed": Int64(50)
    }
    named = {"g": Int64(0), "c": Int64(0), "unattributed": Int64(0), "other": Int64(0)}
    assert fit_map(full, named, 3) == {"g": 7, "c": 3, "unattributed": 50, "other": 18}
    assert fit_map(full, {"g": Int64(7)}, 3) == {"g": 7, "a": 1, "unattributed": 50, "other": 20}
    assert fit_map(full, None, 2) == {"a": 1, "unattributed": 50, "other": 27}


STATE = Model("states", {n: Field(n, "state", None, None, 1) for n in ("paid", "ids", "event_ids")})


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"paid": {"cents": Int64(5)}}, []),
        ({"paid": {"cents": 5.0}}, ["paid"]),
        ({"paid": {"cents": True}}, ["paid"]),
        ({"paid": {"cents": 5, "more": None}}, ["paid"]),
        ({"paid": None}, ["paid"]),
        ({"ids": [1]}, ["ids"]),
        ({"event_ids": [b"\1\2"]}, ["event_ids"]),
        ({"extra": 1}, ["extra"]),
    ],
    ids=repr,
)
def test_a_state_is_equal_only_if_every_field_is(
    changes: dict[str, Any], fields: list[str]
) -> None:
    expected = {"paid": {"cents": 5}, "ids": [1, 2], "event_ids": ["01"]}
    document = {"_id": "o", "paid": {"cents": 5}, "ids": [1, 2], "event_ids": [b"\1"]} | changes
    assert [each.field for each in states.unequal_fields(STATE, document, expected)] == fields


def test_two_sorted_lists_are_paired_by_name() -> None:
    left, right = [("a", 1), ("c", 3)], [("b", 2), ("c", 4), ("d", 5)]
    expected_pairs = [("a", 1, None), ("b", None, 2), ("c", 3, 4), ("d", None, 5)]
    assert list(states.paired(left, right)) == expected_pairs


def test_the_exit_code_of_a_difference_takes_precedence_over_a_doubt() -> None:
    report = Report("g")
    assert report.exit_code == 0
    report.doubts.append(Doubt("gone"))
    assert report.exit_code == 3
    report.differences.append(Difference("c", DAY, "f", ABSENT, Int64(1)))
    assert report.exit_code == 1
    assert report.as_json()["differences"] == [
        {"collection": "c", "document": DAY, "field": "f", "recounted": 1}
    ]


def test_any_stored_value_can_be_serialized_to_json() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    value = {"a": [float("nan"), 1.5, b"\1", moment, object, None, True]}
    serialized = ["nan", 1.5, "01", "2026-01-01T00:00:00+00:00", "<class 'object'>", None, True]
    assert json_value(value) == {"a": serialized}
