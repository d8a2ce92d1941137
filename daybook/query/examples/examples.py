"""An answer of each report, as the documentation shows it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import create_model

from daybook.query.figures.body import Body

EXAMPLES = Path(__file__).parent / "funnels"


class Fresh(Body):
    """How fresh the numbers are: what the members that count said last; null is not known."""

    newest_event_at: str | None
    counted_at: str | None
    lag_messages: int | None
    reported_at: str | None
    is_stale: bool


@cache
def example(name: str) -> dict[str, Any]:
    """By the report's name."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    return found


def documented(name: str, body: type[Body]) -> dict[str, Any]:
    """What a route says of its answer: the body's schema, with `as_of`, and an example."""
    answer = create_model(f"{body.__name__}Answer", __base__=body, as_of=(Fresh, ...))
    content = {"application/json": {"example": example(name)}}
    return {"responses": {200: {"model": answer, "content": content}}}
