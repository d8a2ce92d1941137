"""An answer of each report, as the documentation shows it."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

EXAMPLES = Path(__file__).parent / "examples"


@cache
def example(name: str) -> dict[str, Any]:
    """By the report's name. `as_of` is there, as in every answer."""
    found: dict[str, Any] = json.loads((EXAMPLES / f"{name}.json").read_text())
    return found


def documented(name: str, body: type[BaseModel]) -> dict[str, Any]:
    """What a route says of its answer: its schema, and an example."""
    content = {"application/json": {"example": example(name)}}
    return {"responses": {200: {"model": body, "content": content}}}
