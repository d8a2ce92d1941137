"""An entry of the log: an event, its topic, and when it was appended."""

from typing import Any, NamedTuple

Event = dict[str, Any]

TRACKING = "sc.tracking.funnel"
FUNNELS = "sc.domain.funnel"
ORDERS = "sc.domain.order"
USERS = "sc.domain.user"


class Entry(NamedTuple):
    """`topic` without any prefix; `appended_ms` since 1970, never decreasing."""

    topic: str
    event: Event
    appended_ms: int
