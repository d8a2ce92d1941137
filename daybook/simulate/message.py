"""What goes into a topic, and what happened that it tells of."""

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
    """`at_ms`: the true time. `by_browser`: told by a browser, so with its clock and its delays."""

    at_ms: int
    topic: str
    kind: str
    organization: str | None
    data: Data
    by_browser: bool = False
    skew_ms: int = 0


class Message(NamedTuple):
    """`arrival_ms` is when the log would have got it; messages come in that order."""

    arrival_ms: int
    topic: str
    key: str
    event: Data

    @property
    def value(self) -> bytes:
        return json.dumps(self.event, ensure_ascii=False, separators=(",", ":")).encode()
