"""What the log holds: an event of a topic, and when it was appended."""

from typing import Any, NamedTuple

Event = dict[str, Any]

TRACKING = "sc.tracking.funnel"
FUNNELS = "sc.domain.funnel"
ORDERS = "sc.domain.order"
USERS = "sc.domain.user"


class Entry(NamedTuple):
    """`topic` without any prefix; `appended_ms` since the epoch, never falling."""

    topic: str
    event: Event
    appended_ms: int
