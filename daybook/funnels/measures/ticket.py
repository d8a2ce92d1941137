"""A visitor's effects on the days of ticketed events."""

from daybook.engine.documents.change import Effect, effect
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from models.event_metrics import EventMetricsDay

UNIQUE = {"view": "unique_viewers", "purchase": "unique_buyers"}
"""Event types of which a visitor's first of the day counts, each with its counter."""


def at_event(
    organization: str, event: VisitorEvent, field: str, value: int = 1, currency: str | None = None
) -> Effect:
    """An effect on the document of a ticketed event."""
    document_key = organization, event["event"]
    return effect(
        EventMetricsDay, day_hour_of(event), field, value, currency=currency, of=document_key
    )
