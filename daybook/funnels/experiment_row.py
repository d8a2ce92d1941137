"""The row of a visitor's exposures and conversions in a funnel, whatever the memory forgets.

A test is judged from these rows when it is read, because its start and its end become known only
then.
"""

from typing import Any

from daybook.engine.documents.rows import Growth, RowUpdate
from daybook.engine.documents.state import State
from daybook.engine.moment import moment_at
from daybook.funnels.visitor_event import VisitorEvent
from models.experiment_visitor import ExperimentVisitors

_EVENTS = Growth("events", 2_000, 400_000)
KINDS = frozenset({"experiment_exposed", "conversion"})


def experiment_update(visitor: State, event: VisitorEvent) -> RowUpdate:
    """What an exposure or a conversion adds to the row of its visitor and funnel."""
    named = {
        "organization_id": visitor["organization_id"],
        "visitor_id": visitor["visitor_id"],
        "funnel_id": event["funnel"],
    }
    key = visitor["organization_id"], visitor["visitor_id"], event["funnel"]
    return RowUpdate(ExperimentVisitors.collection, key, named.copy, tail=(_EVENTS, _item(event)))


def _item(event: VisitorEvent) -> dict[str, Any]:
    item: dict[str, Any] = {"event_type": event["type"], "at": moment_at(event["at"])}
    if event["type"] == "experiment_exposed":
        return item | {"test_id": event["test"], "variant_id": event["variant"]}
    if "cents" in event:
        item |= {"value_cents": event["cents"], "currency": event["currency"]}
    return item
