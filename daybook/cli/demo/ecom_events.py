"""Turns the clickstream into events of a funnel from catalog to purchase, by fixed rules."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from daybook.cli.demo.ecom import Click

Event = dict[str, Any]

TRACKING, FUNNELS = "sc.tracking.funnel", "sc.domain.funnel"
ORGANIZATION = "ecom"
FUNNEL = "shop"
STEPS = ("catalog", "cart", "shipping_details", "payment_details", "purchase")
PREFIX = "ecom-"
"""The prefix of visitor ids, so that they differ from those of other traffic."""
NAMESPACE = uuid.UUID("6f0f2e43-6a0c-5d3e-9a5d-3b0d6c1f8e21")
CHANNELS = {
    "direct": "Direct",
    "email": "Email",
    "organic": "Organic Search",
    "paid_search": "Paid Search",
    "social": "Organic Social",
}
_INTERACTIONS = {"search": "searched", "filter_results": "filtered"}


def definition(at: datetime) -> Event:
    """The event that publishes the funnel at that time."""
    steps = [{"step_id": step, "name": step.replace("_", " "), "type": "page"} for step in STEPS]
    data = {"funnel_id": FUNNEL, "name": "ecom: catalog to purchase", "steps": steps}
    return _event("definition", "funnel.published", at, data)


def events(clicks: Iterable[Click]) -> Iterator[tuple[str, Event]]:
    """Topic and event: the funnel's definition, then each click in the order of the file.

    A click on a step is a step entry; a purchase is a conversion too. Searches and filters become
    events of those types, and every other click a page view.
    """
    ordered = list(clicks)
    if ordered:
        yield FUNNELS, definition(min(click.at for click in ordered) - timedelta(days=1))
    for number, click in enumerate(ordered):
        for event in _events(str(number), click):
            yield TRACKING, event


def _events(name: str, click: Click) -> Iterator[Event]:
    data: dict[str, Any] = {
        "visitor_id": f"{PREFIX}{click.user}",
        "session_id": click.session,
        "funnel_id": FUNNEL,
        "context": {
            "device_type": click.platform,
            "source": click.channel,
            "channel": CHANNELS[click.channel],
        },
    }
    if click.action in STEPS:
        yield _event(name, "step_entry", click.at, data | {"step_id": click.action})
        if click.action == "purchase":
            conversion = data | {"step_id": click.action, "conversion_type": "purchase"}
            yield _event(f"{name}:conversion", "conversion", click.at, conversion)
    elif event_type := _INTERACTIONS.get(click.action):
        yield _event(name, event_type, click.at, data)
    else:
        yield _event(name, "page_view", click.at, data | {"page": f"/{click.action}"})


def _event(name: str, event_type: str, at: datetime, data: dict[str, Any]) -> Event:
    return {
        "event_id": str(uuid.uuid5(NAMESPACE, name)),
        "event_type": event_type,
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "schema_version": 1,
        "organization_id": ORGANIZATION,
        "data": data,
    }
