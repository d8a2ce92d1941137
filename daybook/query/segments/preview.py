"""Estimates how many people match filters, before anybody defines a segment by them."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from daybook.query.examples import example
from daybook.query.problem import Problem
from daybook.query.read.mongo import Filter
from daybook.query.read.scope import Scope
from daybook.query.request_body import read_body
from daybook.query.segments.estimate import IS_KNOWN, Estimate, estimated, sample_of
from daybook.segments.filters.expression import expression
from daybook.segments.filters.resolve import Unresolved, resolve
from models.segments import AudienceSegments, SegmentProfiles
from schemas.filters import Filters


class PreviewRequest(TypedDict):
    """The body of a request."""

    __pydantic_config__ = ConfigDict(strict=True, extra="forbid")  # type: ignore[misc]

    filters: Filters


_FILTERS = {"filters": {"event": "cart_add", "within": "PT24H"}}
PREVIEW: dict[str, Any] = {
    "responses": {
        200: {"content": {"application/json": {"example": example("segments/preview")}}},
        408: {"description": "The body did not arrive within 10 seconds"},
        413: {"description": "The body is over 16 KiB"},
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": _FILTERS}},
        }
    },
}
"""What OpenAPI says about the route: its body has the filters of a `segment.defined`."""

_BODY: TypeAdapter[PreviewRequest] = TypeAdapter(PreviewRequest)


async def read_filters(request: Request) -> dict[str, Any]:
    """The filters in the request's body. Raises Problem: 413, 422 with the path."""
    raw = await read_body(request)
    try:
        return dict(_BODY.validate_json(raw)["filters"])
    except (ValidationError, RecursionError) as error:
        reason = "nested too deeply"
        if isinstance(error, ValidationError):
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            reason = first["msg"]
        raise Problem(422, reason) from None


async def resolve_filters(scope: Scope, filters: dict[str, Any]) -> dict[str, Any]:
    """The filters with those of other segments of the organization put in. Raises Problem (422)."""
    rows = await scope.find(
        AudienceSegments.collection,
        {"segment_id": {"$in": sorted(_named(filters))}},
        fields=["segment_id", "version", "status", "resolved"],
        order=[("version", 1)],
    )
    known = {(row["segment_id"], row["version"]): row["resolved"] for row in rows}
    in_force = {row["segment_id"]: row["version"] for row in rows if row["status"] in _IN_FORCE}

    def find(segment: str, version: int | None) -> dict[str, Any]:
        return dict(known[segment, in_force[segment] if version is None else version])

    try:
        return resolve(filters, find)
    except Unresolved as error:
        raise Problem(422, str(error)) from None


_IN_FORCE = frozenset({"active", "backfilling"})


def _named(node: Any) -> set[str]:
    """The segments that filters refer to."""
    match node:
        case {"all": parts} | {"any": parts}:
            return set[str]().union(*map(_named, parts))
        case {"not": part}:
            return _named(part)
        case {"segment": segment}:
            return {segment}
    return set()


async def estimate(scope: Scope, resolved: dict[str, Any], zone: ZoneInfo, at: int) -> Estimate:
    """How many of the organization's people match at a moment, in ms since 1970."""
    people = await _number(scope, {}, [])
    within = sample_of(people)
    examined = await _number(scope, within, []) if within else people
    matches = {"$match": {"$expr": expression(resolved, zone, at)}}
    return estimated(people, examined, await _number(scope, within, [matches]))


async def _number(scope: Scope, where: dict[str, Any], stages: Sequence[Filter]) -> int:
    counted = [*stages, {"$group": {"_id": None, "count": {"$sum": 1}}}]
    rows = await scope.aggregate(SegmentProfiles.collection, IS_KNOWN | where, counted)
    return rows[0]["count"] if rows else 0
