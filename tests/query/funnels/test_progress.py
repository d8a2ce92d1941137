"""How attempts go on from step to step, each day by the definition of its time."""

from datetime import UTC, datetime
from typing import Any

from daybook.query.funnels.definition import Definition
from daybook.query.funnels.progress import Progress, eras, progress
from tests.query.funnels.build import span

MONDAY, TUESDAY, WEDNESDAY = "2026-01-05", "2026-01-06", "2026-01-07"
WEEK = span(MONDAY, "2026-01-11")


def version(day: str, *steps: str, order: str = "ordered", hour: int = 12) -> dict[str, Any]:
    """A definition published on a day; a step whose name ends with ? is optional."""
    return {
        "appended_at": datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC),
        "order": order,
        "steps": [
            {"step_id": step.rstrip("?"), "name": step, "type": "page", "optional": "?" in step}
            for step in steps
        ],
    }


def funnel(*versions: dict[str, Any]) -> Definition:
    newest = versions[-1] if versions else {}
    return Definition({"funnel_id": "f", **newest, "versions": list(versions)})


def reached(*eras: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {"_id": {"era": number, "step": step}, "reached": count}
        for number, counts in enumerate(eras)
        for step, count in counts.items()
    ]


def firsts(definition: Definition, zone: str = "UTC") -> list[str]:
    in_force = eras(definition, span(MONDAY, "2026-01-11", zone))
    return [era.first.date().isoformat() for era in in_force]


def test_those_who_reach_the_next_step_pass() -> None:
    in_force = eras(funnel(version(MONDAY, "a", "b", "c")), WEEK)
    found = progress(in_force, reached({"a": 105, "b": 100}))
    assert found == {"a": Progress(105, 100), "b": Progress(100, 0)}
    assert (found["a"].lost, found["b"].lost) == (5, 100)


def test_an_optional_step_is_skipped_over_and_loses_nobody() -> None:
    in_force = eras(funnel(version(MONDAY, "a", "gift?", "b")), WEEK)
    assert progress(in_force, reached({"a": 10, "gift": 2, "b": 7})) == {"a": Progress(10, 7)}


def test_in_any_order_no_step_is_next() -> None:
    in_force = eras(funnel(version(MONDAY, "a", "b", order="any")), WEEK)
    assert progress(in_force, reached({"a": 10, "b": 7})) == {}


def test_days_of_before_go_by_the_definition_of_their_time() -> None:
    in_force = eras(funnel(version(MONDAY, "a", "b"), version(WEDNESDAY, "a", "c")), WEEK)
    found = progress(in_force, reached({"a": 10, "b": 8}, {"a": 20, "b": 1, "c": 5}))
    assert found == {"a": Progress(30, 13)}


def test_a_day_goes_by_its_newest_definition() -> None:
    assert firsts(funnel(version(MONDAY, "a"), version(MONDAY, "b", hour=13))) == [MONDAY]
    assert firsts(funnel(version("2025-12-01", "a"), version(TUESDAY, "b"))) == [MONDAY, TUESDAY]


def test_a_definition_of_after_the_range_is_not_in_force() -> None:
    assert firsts(funnel(version("2026-02-01", "a"))) == []


def test_days_are_those_of_the_fleet_zone() -> None:
    late = version(MONDAY, "a", hour=23)
    assert firsts(funnel(version("2025-12-01", "z"), late), "Europe/Berlin") == [MONDAY, TUESDAY]
