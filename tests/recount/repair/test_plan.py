"""A repair adds the missing difference to a document, or replaces it if it is broken."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64

from daybook.recount.compare.expected import expected_document
from daybook.recount.repair.plan import TOKEN, Repair, repair
from daybook.recount.replay.model import Field, Model

TOPIC = "AAAAAAAAAAAAAAAAAAAAAA"
DAY = "2026-01-01"
FIELDS = (
    Field("created", "counter", None, None, 1),
    Field("shipped", "counter", None, None, 1),
    Field("rate", "rate", "shipped", "created", 1),
)
MODEL = Model("days", {field.name: field for field in FIELDS})
SUMS = {"created": 5, "shipped": 2, "hours.07.created": 5, "hours.08.shipped": 2}
SPANS = {(TOPIC, 0): (10, 90)}


def snapshot(**changes: Any) -> dict[str, Any]:
    """A claimed document that is right except for the changes."""
    bookkeeping = {
        "rebuild": "token",
        "revision": Int64(7),
        "applied": {TOPIC: {"0": 90}},
        "first": {},
    }
    return {"_id": DAY, "_daybook": bookkeeping, **expected_document(MODEL, DAY, SUMS)} | changes


def planned(document: dict[str, Any]) -> Repair:
    return repair(MODEL, document, expected_document(MODEL, DAY, SUMS), SPANS)


def added(plan: Repair) -> dict[str, int]:
    """The amounts that the pipeline adds, by path."""
    found = {}
    for path, expression in plan.pipeline[1]["$set"].items():
        while isinstance(expression, dict) and "$cond" in expression:
            expression = expression["$cond"][2]
        if isinstance(expression, dict) and "$toLong" in expression:
            found[path] = expression["$toLong"]["$add"][1]
    return found


@pytest.mark.parametrize(
    ("changes", "amounts"),
    [
        ({}, {}),
        ({"created": Int64(9)}, {"created": -4}),
        ({"created": 5}, {"created": 0}),
        ({"created": 8.0}, {"created": -3}),
        ({"created": None}, {"created": 5}),
        ({"rate": "x"}, {}),
        (
            {"hours": {"07": {"created": Int64(6)}, "13": {"shipped": Int64(1)}}},
            {"hours.07.created": -1, "hours.08.shipped": 2, "hours.13.shipped": -1},
        ),
        ({"hours": None}, {"hours.07.created": 5, "hours.08.shipped": 2}),
    ],
)
def test_a_repair_adds_the_difference(changes: dict[str, Any], amounts: dict[str, int]) -> None:
    plan = planned(snapshot(**changes))
    assert added(plan) == amounts
    assert plan.where == {"_id": DAY, TOKEN: "token"}


@pytest.mark.parametrize(
    "changes",
    [
        {"created": "5"},
        {"created": 5.5},
        {"created": float("nan")},
        {"created": True},
        {"hours": []},
        {"hours": {"07": 5}},
        {"hours": {"7": {}}},
        {"hours": {"07": {"a.b": 1}}},
        {"$set": 1},
        {"": 1},
    ],
)
def test_a_broken_document_is_replaced_if_nobody_wrote_to_it(changes: dict[str, Any]) -> None:
    plan = planned(snapshot(**changes))
    assert plan.where == {"_id": DAY, TOKEN: "token", "_daybook.revision": 7}
    assert plan.whole is not None
    assert {n: plan.whole[n] for n in ("created", "shipped", "rate")} == {
        "created": 5,
        "shipped": 2,
        "rate": 0.4,
    }
    assert plan.whole["_daybook"] == {
        "applied": {TOPIC: {"0": 90}},
        "first": {TOPIC: {"0": 10}},
        "revision": 8,
        "model": 1,
    }


def test_unknown_fields_are_removed() -> None:
    hours = {"07": {"created": Int64(5), "odd": 1}, "08": {"shipped": Int64(2)}}
    plan = planned(snapshot(bonus=1, hours=hours))
    assert plan.pipeline[-1] == {"$unset": ["bonus", "hours.07.odd", TOKEN]}


def test_a_wrong_date_is_corrected() -> None:
    plan = planned(snapshot(date="someday"))
    assert plan.pipeline[1]["$set"]["date"] == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("applied", "guard"), [({TOPIC: {"0": 50}}, 50), ({}, {"$not": {"$type": "number"}})]
)
def test_a_repair_with_lost_effects_raises_the_watermark(applied: Any, guard: Any) -> None:
    """Otherwise members would add them again. It applies only if the watermark has not moved."""
    document = snapshot()
    document["_daybook"]["applied"] = applied
    plan = planned(document)
    path = f"_daybook.applied.{TOPIC}.0"
    assert plan.where[path] == guard
    assert plan.pipeline[1]["$set"][path] == 90
