"""The clickstream as Daybook's events: a funnel from catalog to purchase. The same in every run."""

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
"""Of the ids of visitors, so that they are nobody else's."""
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
    """The funnel, published at that moment."""
    steps = [{"step_id": step, "name": step.replace("_", " "), "type": "page"} for step in STEPS]
    data = {"funnel_id": FUNNEL, "name": "ecom: catalog to purchase", "steps": steps}
    return _event("definition", "funnel.published", at, data)


def events(clicks: Iterable[Click]) -> Iterator[tuple[str, Event]]:
    """Topic and event: the definition, then each click in the order of the file.

    A click on a step is an entry of it, a purchase a conversion as well; a search and a filter are
    such; every other click is a page view.
    """
    known = list(clicks)
    if known:
        yield FUNNELS, definition(min(click.at for click in known) - timedelta(days=1))
    for number, click in enumerate(known):
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
    if click.what in STEPS:
        yield _event(name, "step_entry", click.at, data | {"step_id": click.what})
        if click.what == "purchase":
            bought = data | {"step_id": click.what, "conversion_type": "purchase"}
            yield _event(f"{name}:conversion", "conversion", click.at, bought)
    elif kind := _INTERACTIONS.get(click.what):
        yield _event(name, kind, click.at, data)
    else:
        yield _event(name, "page_view", click.at, data | {"page": f"/{click.what}"})


def _event(name: str, kind: str, at: datetime, data: dict[str, Any]) -> Event:
    return {
        "event_id": str(uuid.uuid5(NAMESPACE, name)),
        "event_type": kind,
        "occurred_at": at.isoformat().replace("+00:00", "Z"),
        "schema_version": 1,
        "organization_id": ORGANIZATION,
        "data": data,
    }
