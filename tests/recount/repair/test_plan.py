"""How a document is repaired: by what is missing, unless it is broken."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64

from daybook.recount.compare.expected import expected
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
    """A claimed document, right but for the changes."""
    own = {"rebuild": "token", "revision": Int64(7), "applied": {TOPIC: {"0": 90}}, "first": {}}
    return {"_id": DAY, "_daybook": own, **expected(MODEL, DAY, SUMS)} | changes


def planned(document: dict[str, Any]) -> Repair:
    return repair(MODEL, document, expected(MODEL, DAY, SUMS), SPANS)


def added(plan: Repair) -> dict[str, int]:
    """What the pipeline adds, by path."""
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
def test_the_difference_is_added(changes: dict[str, Any], amounts: dict[str, int]) -> None:
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
def test_what_is_broken_is_replaced_if_nobody_wrote_to_it(changes: dict[str, Any]) -> None:
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


def test_what_nobody_knows_is_taken_away() -> None:
    hours = {"07": {"created": Int64(5), "odd": 1}, "08": {"shipped": Int64(2)}}
    plan = planned(snapshot(bonus=1, hours=hours))
    assert plan.pipeline[-1] == {"$unset": ["bonus", "hours.07.odd", TOKEN]}


def test_the_day_is_put_right() -> None:
    plan = planned(snapshot(date="someday"))
    assert plan.pipeline[1]["$set"]["date"] == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("applied", "guard"), [({TOPIC: {"0": 50}}, 50), ({}, {"$not": {"$type": "number"}})]
)
def test_a_lost_tail_may_not_come_back_twice(applied: Any, guard: Any) -> None:
    """The repair holds it, so it raises the watermark, and only from where it was read."""
    document = snapshot()
    document["_daybook"]["applied"] = applied
    plan = planned(document)
    path = f"_daybook.applied.{TOPIC}.0"
    assert plan.where[path] == guard
    assert plan.pipeline[1]["$set"][path] == 90
