"""A visitor's effects on the experiments that they were exposed to."""

from collections import Counter
from collections.abc import Iterator

from daybook.engine.documents.change import Effect, effect
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from models.experiment import ExperimentDay


def experiment_measures(organization: str, events: list[VisitorEvent]) -> Iterator[Effect]:
    """Exposures, conversions and their value; `events`: all of the visitor's, in order of time."""
    by_test: dict[str, list[VisitorEvent]] = {}
    for event in events:
        if event["type"] == "experiment_exposed":
            by_test.setdefault(event["test"], []).append(event)
    for test, exposures in by_test.items():
        first = exposures[0]
        document_key, day_hour = (organization, test, first["variant"]), day_hour_of(first)
        if len({exposure["variant"] for exposure in exposures}) > 1:
            yield effect(ExperimentDay, day_hour, "multiple_exposures", 1, of=document_key)
            continue
        yield effect(ExperimentDay, day_hour, "visitors", 1, of=document_key)
        after = [
            event
            for event in events
            if event["type"] == "conversion"
            and event["funnel"] == first["funnel"]
            and event["at"] >= first["at"]
        ]
        if after:
            yield effect(ExperimentDay, day_hour, "conversions", 1, of=document_key)
        worth = Counter[str]()
        for event in after:
            if cents := event.get("cents"):
                worth[event["currency"]] += cents
        for currency, cents in worth.items():
            yield effect(
                ExperimentDay, day_hour, "value_cents", cents, currency=currency, of=document_key
            )
            yield effect(
                ExperimentDay,
                day_hour,
                "value_cents_squared",
                cents**2,
                currency=currency,
                of=document_key,
            )
