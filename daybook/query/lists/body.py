"""The response bodies of the lists: what an organization has, a page at a time."""

from typing import Literal

from daybook.query.figures.body import Body
from daybook.query.figures.pagination import Pagination

FunnelStatus = Literal["published", "archived", "unpublished"]
EventStatus = Literal["published", "cancelled"]
ExperimentStatus = Literal["running", "completed", "stopped"]


class ListedFunnel(Body):
    """`name` is null for a funnel that only traffic has named."""

    funnel_id: str
    name: str | None
    status: FunnelStatus


class FunnelList(Body):
    funnels: list[ListedFunnel]
    pagination: Pagination


class ListedEvent(Body):
    """All but the id is null for a ticketed event that only traffic has named."""

    event_id: str
    name: str | None
    status: EventStatus | None
    starts_at: str | None
    capacity: int | None


class EventList(Body):
    events: list[ListedEvent]
    pagination: Pagination


class ListedExperiment(Body):
    test_id: str
    test_name: str
    funnel_id: str
    status: ExperimentStatus
    started_at: str | None
    completed_at: str | None


class ExperimentList(Body):
    experiments: list[ListedExperiment]
    pagination: Pagination
