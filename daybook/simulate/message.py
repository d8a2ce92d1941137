"""Messages of the topics, and the happenings (domain occurrences) that they report."""

import json
from typing import Any, NamedTuple

TRACKING = "sc.tracking.funnel"
FUNNELS = "sc.domain.funnel"
PROGRAMME = "sc.domain.event"
ORDERS = "sc.domain.order"
USERS = "sc.domain.user"
TOPICS = (FUNNELS, PROGRAMME, USERS, ORDERS, TRACKING)
DEFINITIONS = (FUNNELS, PROGRAMME)

Data = dict[str, Any]


class Happening(NamedTuple):
    """Something that happened and is reported as an event of a topic.

    `at_ms`: the true time. `by_browser`: sent by a browser, so with its clock, which is `skew_ms`
    ahead, and with its delays; otherwise sent by a server.
    """

    at_ms: int
    topic: str
    kind: str
    organization: str | None
    data: Data
    by_browser: bool = False
    skew_ms: int = 0


class Message(NamedTuple):
    """A message for a topic. `arrival_ms`: when the log would receive it; messages are in that
    order."""

    arrival_ms: int
    topic: str
    key: str
    event: Data

    @property
    def value(self) -> bytes:
        """The event as the message's value."""
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":")).encode()
