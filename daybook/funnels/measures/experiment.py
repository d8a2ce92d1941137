"""A visitor's effects on the experiments that they were exposed to."""

from collections.abc import Iterator

from daybook.engine.documents.change import Effect, effect
from daybook.funnels.visitor_event import day_hour_of
from daybook.funnels.visits import Visits
from models.experiment import ExperimentDay


def exposure_measures(organization: str, visits: Visits, test: str) -> Iterator[Effect]:
    """The visitor's exposure to a test, and whether they converted since."""
    exposures = visits.exposures.get(test)
    if exposures is None:
        return
    first = exposures.first
    of, day_hour = (organization, test, first["variant"]), day_hour_of(first)
    if exposures.is_multiple:
        yield effect(ExperimentDay, day_hour, "multiple_exposures", 1, of=of)
        return
    yield effect(ExperimentDay, day_hour, "visitors", 1, of=of)
    latest_at = visits.latest_conversion_at.get(first["funnel"])
    if latest_at is not None and latest_at >= first["at"]:
        yield effect(ExperimentDay, day_hour, "conversions", 1, of=of)


def value_measures(organization: str, visits: Visits, test: str, currency: str) -> Iterator[Effect]:
    """The value, in one currency, of the visitor's conversions since their exposure to a test."""
    exposures = visits.exposures.get(test)
    if exposures is None or exposures.is_multiple:
        return
    first = exposures.first
    amounts = visits.amounts.get((first["funnel"], currency))
    if amounts and (cents := amounts.since(first["at"])):
        of, day_hour = (organization, test, first["variant"]), day_hour_of(first)
        yield effect(ExperimentDay, day_hour, "value_cents", cents, currency=currency, of=of)
        squared = cents**2
        yield effect(
            ExperimentDay, day_hour, "value_cents_squared", squared, currency=currency, of=of
        )
