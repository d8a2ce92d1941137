"""Puts other segments into filters, so that later versions of them change nothing."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

from schemas.filters import check_size

Node = Mapping[str, Any]
Find = Callable[[str, int | None], Node]
"""The resolved filters of a segment's version, or of its newest one. Raises LookupError."""


class Unresolved(Exception):
    """Filters that cannot be resolved: the message begins with the path in `filters`."""


def resolve(filters: Node, find: Find) -> dict[str, Any]:
    """The filters with every `segment` replaced by that version's own resolved filters.

    Raises Unresolved: there is no such segment, or the result is too deep or too large.
    """
    resolved = _resolve(filters, find, "filters")
    try:
        check_size(resolved)
    except PydanticCustomError as error:
        raise Unresolved(f"{error.message()}, with those of other segments") from None
    return resolved


def _resolve(node: Node, find: Find, path: str) -> dict[str, Any]:
    match node:
        case {"all": parts} | {"any": parts}:
            (key,) = node
            return {
                key: [
                    _resolve(part, find, f"{path}.{key}[{number}]")
                    for number, part in enumerate(parts)
                ]
            }
        case {"not": part}:
            return {"not": _resolve(part, find, f"{path}.not")}
        case {"segment": segment}:
            try:
                return dict(find(segment, node.get("version")))
            except LookupError:
                raise Unresolved(f"{path}.segment: there is no such segment or version") from None
    return dict(node)


def canonical(resolved: Node) -> str:
    """The one JSON text of resolved filters, whatever the order of their fields."""
    return json.dumps(resolved, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest(resolved: Node) -> str:
    """The SHA-256 of the canonical JSON in UTF-8, as 64 hex digits."""
    return hashlib.sha256(canonical(resolved).encode()).hexdigest()
