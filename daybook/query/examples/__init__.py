"""An answer of each route, as the OpenAPI document shows it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent

_STREAM = """\
retry: 2000

id: 1795168802900
event: totals
data: {"organization_id":"acme","event_id":"gala","updated_at":"2026-11-20T10:00:02.900+00:00",\
"views":9,"tickets_sold":1,"revenue_cents":2500,"revenue_cents.EUR":2500,"date":"2026-11-20",\
"revision":7}

"""


@cache
def example(name: str) -> Any:
    """By the report's name."""
    return json.loads((_HERE / f"{name}.json").read_text(encoding="utf-8"))


def shown_as(name: str) -> dict[str, Any]:
    """What a route says of its answer, for its decorator."""
    return {"responses": {200: {"content": {"application/json": {"example": example(name)}}}}}


STREAM: dict[str, Any] = {
    "response_model": None,
    "responses": {
        200: {
            "description": "Events `totals`, `lagged`, `away`, `back`; comments as signs of life",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM}},
        }
    },
}
