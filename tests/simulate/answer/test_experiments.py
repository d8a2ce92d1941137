"""In which variant a visitor counts, and which conversions count for it."""

from typing import Any

from tests.simulate.short_logs import TODAY, Log

DAY = 24 * 3600


def expose(log: Log, variant: str, at: float) -> Log:
    return log.track("experiment_exposed", at, test_id="t", variant_id=variant)


def variant(log: Log, name: str, day: str = TODAY) -> dict[str, Any]:
    return log.fields("analytics_experiment", f"default:t:{name}:{day}")


def test_conversions_after_the_exposure_count_together_on_its_day() -> None:
    log = expose(Log().convert(-1, 999), "a", 0).convert(0, 300).convert(3 * DAY, 400)
    found = variant(log, "a")
    assert (found["visitors"], found["conversions"]) == (1, 1)
    assert (found["value_cents"], found["value_cents_squared"]) == (700, 490_000)
    assert found["currencies"] == {"EUR": {"value_cents": 700, "value_cents_squared": 490_000}}
    assert found["hours"]["12"]["value_cents_squared"] == 490_000


def test_a_late_but_earlier_exposure_moves_the_visitor_to_its_day() -> None:
    log = expose(expose(Log(), "a", 0), "a", -DAY)
    assert variant(log, "a") == {}
    assert variant(log, "a", "2026-03-01")["visitors"] == 1


def test_a_visitor_of_two_variants_counts_only_as_a_multiple_exposure() -> None:
    log = expose(expose(Log(), "b", 0), "a", 40).convert(50, 300)
    found = variant(log, "b")
    assert (found["visitors"], found["conversions"], found["multiple_exposures"]) == (0, 0, 1)
    assert variant(log, "a") == {}


def test_a_conversion_in_another_funnel_does_not_count() -> None:
    found = variant(expose(Log(), "a", 0).convert(1, 300, funnel_id="g"), "a")
    assert (found["visitors"], found["conversions"]) == (1, 0)


def test_an_exposure_is_no_event_of_the_funnel() -> None:
    assert expose(Log(), "a", 0).funnel() == {}
