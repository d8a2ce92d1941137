"""What an event gives by itself, whatever else its visitor did."""

from collections.abc import Iterator

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_key
from daybook.funnels.measures.funnel import by_key
from daybook.funnels.measures.step import at_step, converted, step_key
from daybook.funnels.measures.ticket import at_event
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from models.funnel import FunnelDay

_TICKETS = {"view": "views", "cart_add": "add_to_cart", "checkout_start": "checkouts_started"}


def plain_effects(organization: str, event: VisitorEvent) -> Iterator[Effect]:
    """Of a person's event."""
    if event["type"] in _TICKETS:
        yield at_event(organization, event, _TICKETS[event["type"]])
    if event["type"] == "purchase":
        yield at_event(organization, event, "tickets_sold", event.get("quantity", 1))
        if cents := event.get("cents"):
            yield at_event(organization, event, "revenue_cents", cents, event["currency"])
    if "funnel" in event:
        yield from _in_funnel((organization, event["funnel"]), event)


def bot_effects(organization: str, event: Event, day_hour: DayHour) -> Iterator[Effect]:
    """Of an event that is a bot's: one for each reason, if it names a funnel."""
    data = event["data"]
    if "funnel_id" in data:
        for reason in filter(None, dict.fromkeys(data["context"]["bot"])):
            of = organization, data["funnel_id"]
            yield effect(FunnelDay, day_hour, "bots", 1, key=encode_key(reason), of=of)


def _in_funnel(of: tuple[str, str], event: VisitorEvent) -> Iterator[Effect]:
    match event["type"]:
        case "page_view":
            yield effect(FunnelDay, day_hour_of(event), "page_views", 1, of=of)
        case "conversion":
            yield from _conversion(of, event)
        case "step_entry":
            yield at_step(event, "entries", step_key(event["step"]), of)
        case "step_exit":
            yield from _exit(of, event)


def _conversion(of: tuple[str, str], event: VisitorEvent) -> Iterator[Effect]:
    day_hour, kind = day_hour_of(event), encode_key(event["kind"])
    yield effect(FunnelDay, day_hour, "conversions", 1, of=of)
    yield by_key(day_hour, "conversions_by_type", kind, "count", 1, of)
    if cents := event.get("cents"):
        currency = event["currency"]
        yield effect(FunnelDay, day_hour, "value_cents", cents, currency=currency, of=of)
        yield by_key(day_hour, "conversions_by_type", kind, "value_cents", cents, of, currency)
    if "step" in event:
        yield from converted(event, step_key(event["step"]), of)


def _exit(of: tuple[str, str], event: VisitorEvent) -> Iterator[Effect]:
    step, outcome = step_key(event["step"]), event["outcome"]
    yield at_step(event, "exits", step, of)
    yield at_step(event, "exits_by_outcome", step, of, key=outcome)
    if outcome == "bounce":
        yield at_step(event, "drop_offs", step, of)
    if event.get("reason"):
        reason = encode_key(event["reason"])
        yield at_step(event, "reasons_by_outcome", step, of, key=reason, part=outcome)
