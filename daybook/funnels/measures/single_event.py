"""The effects of an event by itself, whatever else its visitor did."""

from collections.abc import Iterator

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.change import Effect, effect
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_key
from daybook.funnels.measures.funnel import by_key
from daybook.funnels.measures.step import at_step, converted
from daybook.funnels.measures.ticket import at_event
from daybook.funnels.visitor_event import VisitorEvent, day_hour_of
from daybook.funnels.visits import UNATTRIBUTED, FunnelKey, step_key
from models.funnel import FunnelDay

_TICKETS = {"view": "views", "cart_add": "add_to_cart", "checkout_start": "checkouts_started"}


def plain_effects(
    organization: str, event: VisitorEvent, goal: str | None = None
) -> Iterator[Effect]:
    """The effects of a visitor's event that is not a bot's; `goal`: that of a conversion."""
    if event["type"] in _TICKETS:
        yield at_event(organization, event, _TICKETS[event["type"]])
    if event["type"] == "purchase":
        yield at_event(organization, event, "tickets_sold", event.get("quantity", 1))
        if cents := event.get("cents"):
            yield at_event(organization, event, "revenue_cents", cents, event["currency"])
    if "funnel" in event:
        yield from _in_funnel((organization, event["funnel"]), event, goal)


def bot_effects(organization: str, event: Event, day_hour: DayHour) -> Iterator[Effect]:
    """The effects of a bot's event: one for each reason, if it names a funnel."""
    data = event["data"]
    if "funnel_id" in data:
        for reason in filter(None, dict.fromkeys(data["context"]["bot"])):
            document_key = organization, data["funnel_id"]
            yield effect(FunnelDay, day_hour, "bots", 1, key=encode_key(reason), of=document_key)


def _in_funnel(document_key: FunnelKey, event: VisitorEvent, goal: str | None) -> Iterator[Effect]:
    match event["type"]:
        case "page_view":
            yield effect(FunnelDay, day_hour_of(event), "page_views", 1, of=document_key)
        case "conversion":
            yield from _conversion(document_key, event, goal)
        case "step_entry":
            yield at_step(event, "entries", step_key(event["step"]), document_key)
        case "step_exit":
            yield from _exit(document_key, event)


def _conversion(document_key: FunnelKey, event: VisitorEvent, goal: str | None) -> Iterator[Effect]:
    day_hour, cents = day_hour_of(event), event.get("cents")
    yield effect(FunnelDay, day_hour, "conversions", 1, of=document_key)
    if cents:
        currency = event["currency"]
        yield effect(FunnelDay, day_hour, "value_cents", cents, currency=currency, of=document_key)
    for field, key in (
        ("conversions_by_type", encode_key(event["kind"])),
        ("conversions_by_goal", UNATTRIBUTED if goal is None else encode_key(goal)),
    ):
        yield by_key(day_hour, field, key, "count", 1, document_key)
        if cents:
            yield by_key(day_hour, field, key, "value_cents", cents, document_key, currency)
    if "step" in event:
        yield from converted(event, step_key(event["step"]), document_key)


def _exit(document_key: tuple[str, str], event: VisitorEvent) -> Iterator[Effect]:
    step, outcome = step_key(event["step"]), event["outcome"]
    yield at_step(event, "exits", step, document_key)
    yield at_step(event, "exits_by_outcome", step, document_key, key=outcome)
    if outcome == "bounce":
        yield at_step(event, "drop_offs", step, document_key)
    if event.get("reason"):
        reason = encode_key(event["reason"])
        yield at_step(event, "reasons_by_outcome", step, document_key, key=reason, part=outcome)
