"""A visitor's effects on the days of ticketed events."""

from collections.abc import Iterator

from daybook.engine.documents.change import Effect, effect
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from models.event_metrics import EventMetricsDay

_UNIQUE = {"view": "unique_viewers", "purchase": "unique_buyers"}


def ticket_measures(organization: str, events: list[VisitorEvent]) -> Iterator[Effect]:
    """Unique viewers and buyers; `events` are all of the visitor's, in order of time."""
    known: set[tuple[str, str, str]] = set()
    for event in events:
        if event["type"] not in _UNIQUE:
            continue
        once = event["type"], event["event"], event["day"]
        if once not in known:
            known.add(once)
            yield at_event(organization, event, _UNIQUE[event["type"]])


def at_event(
    organization: str, event: VisitorEvent, field: str, value: int = 1, currency: str | None = None
) -> Effect:
    """An effect on the document of a ticketed event."""
    document_key = organization, event["event"]
    return effect(
        EventMetricsDay, day_hour_of(event), field, value, currency=currency, of=document_key
    )
