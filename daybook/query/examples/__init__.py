"""Example responses of the routes, for the OpenAPI document."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import create_model

from daybook.query.figures.body import Body

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
    """The example response of the report with this name."""
    return json.loads((_HERE / f"{name}.json").read_text(encoding="utf-8"))


class Fresh(Body):
    """How fresh the numbers are, by the last reports of the members that count; null is unknown."""

    newest_event_at: str | None
    counted_at: str | None
    lag_messages: int | None
    reported_at: str | None
    is_stale: bool


def with_schema(name: str, body: type[Body]) -> dict[str, Any]:
    """Decorator arguments of a route: the schema of its body with `as_of`, an example."""
    response = create_model(f"{body.__name__}Answer", __base__=body, as_of=(Fresh, ...))
    content = {"application/json": {"example": example(name)}}
    return {"responses": {200: {"model": response, "content": content}}}


def with_example(name: str) -> dict[str, Any]:
    """Decorator arguments of a route: an example response."""
    return {"responses": {200: {"content": {"application/json": {"example": example(name)}}}}}


STREAM: dict[str, Any] = {
    "response_model": None,
    "responses": {
        200: {
            "description": "Events `totals`, `lagged`, `away`, `back`; comments as heartbeats",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _STREAM}},
        }
    },
}
