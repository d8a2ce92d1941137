"""The routes of audience segments."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from daybook.engine.moment import milliseconds_at, moment_at, parse_moment
from daybook.query.answer.cache import REALTIME
from daybook.query.answer.report import NamedOrganizationReport, Report
from daybook.query.examples import with_schema
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.lists.load import page_of
from daybook.query.lists.routes import Selected
from daybook.query.middleware import TURN
from daybook.query.problem import wrong
from daybook.query.read import groups
from daybook.query.read.mongo import Document
from daybook.query.segments.body import (
    Explained,
    History,
    Member,
    Members,
    Membership,
    Node,
    PersonSegments,
    Preview,
    Progress,
    Segment,
    SegmentList,
    SegmentVersion,
    Status,
)
from daybook.query.segments.days import load_days
from daybook.query.segments.load import (
    count_members,
    cut,
    load_matching,
    load_members,
    load_newest,
    load_profile,
    load_segment,
)
from daybook.query.segments.preview import (
    PREVIEW,
    estimate,
    read_filters,
    resolve_filters,
)
from daybook.segments.filters import explain as explaining
from daybook.segments.filters.expression import expression
from schemas.fields import Id

router = APIRouter(prefix="/api/v1/analytics/organizations/{organization}", tags=["segments"])

SegmentId = Annotated[Id, Path(description="id of a segment")]
_PERSON = r"^[uv]:[^\s\p{Cc}\p{Cf}\p{Co}]+$"
_PERSON_MAX = 130
Person = Annotated[
    str,
    Path(
        max_length=_PERSON_MAX,
        pattern=_PERSON,
        description="`u:` and a user, `v:` and a visitor",
    ),
]
Version = Annotated[int | None, Query(ge=1, description="a version; by default the newest")]
At = Annotated[
    str | None,
    Query(max_length=40, description="a moment (RFC 3339); by default, and at most, the clock"),
]
After = Annotated[
    str | None,
    Query(
        max_length=_PERSON_MAX, pattern=_PERSON, description="the last person of the page before"
    ),
]
Limit = Annotated[int, Query(ge=1, le=1_000, description="members on a page")]


@router.get("/segments", **with_schema("segments/list", SegmentList))
async def list_segments(
    report: NamedOrganizationReport, selection: Selected, status: Status | None = None
) -> Response:
    """The newest version of each of the organization's segments, by id."""

    async def build() -> dict[str, Any]:
        found = await load_newest(report.scope, selection, status)
        page, pagination = page_of(found, "segment_id", selection)
        members = await count_members(report.scope, (row["segment_id"] for row in page))
        return SegmentList(
            clock=text_of(await report.scope.segments_clock(), report),
            segments=[_version(row, members, report) for row in page],
            pagination=pagination,
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.get("/segments/{segment_id}", **with_schema("segments/segment", Segment))
async def segment(
    report: NamedOrganizationReport, segment_id: SegmentId, version: Version = None
) -> Response:
    """A version of a segment, by default the newest: its filters, who entered and left."""

    async def build() -> dict[str, Any]:
        known = await load_segment(report.scope, segment_id)
        stored = known.version(version)
        members = await count_members(report.scope, [segment_id])
        return Segment(
            **dict(_version(stored, members, report)),
            clock=text_of(known.clock, report),
            days=await load_days(report.scope, stored, known.clock, report.fleet_zone),
            filters=stored["filters"],
            resolved=stored["resolved"],
            hash=stored["hash"],
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.get("/segments/{segment_id}/history", **with_schema("segments/history", History))
async def history(report: NamedOrganizationReport, segment_id: SegmentId) -> Response:
    """Every version of a segment. The members of an older one are those it had at its end."""

    async def build() -> dict[str, Any]:
        known = await load_segment(report.scope, segment_id)
        members = await count_members(report.scope, [segment_id])
        versions = [_version(row, members, report) for row in known.versions]
        clock = text_of(known.clock, report)
        return History(segment_id=segment_id, clock=clock, versions=versions).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.get("/segments/{segment_id}/members", **with_schema("segments/members", Members))
async def members(
    report: NamedOrganizationReport,
    segment_id: SegmentId,
    version: Version = None,
    at: At = None,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """The members of a segment, now or at an earlier moment that the stored facts reach."""
    asked = _moment(at)

    async def build() -> dict[str, Any]:
        known = await load_segment(report.scope, segment_id)
        stored, moment_ms = known.version(version), known.at(asked)
        if asked is None:
            found = await load_members(report.scope, stored, after, limit)
        else:
            matches = expression(stored["resolved"], report.fleet_zone, moment_ms)
            found = await load_matching(report.scope, matches, after, limit)
        page, behind = cut(found, limit)
        return Members(
            segment_id=segment_id,
            version=stored["version"],
            at=text_of(moment_ms, report),
            members=[
                Member(person=row["person"], since=text_of(row.get("since"), report))
                for row in page
            ],
            after=behind,
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.get(
    "/segments/{segment_id}/members/{person}", **with_schema("segments/explained", Explained)
)
async def explained(
    report: NamedOrganizationReport,
    segment_id: SegmentId,
    person: Person,
    version: Version = None,
    at: At = None,
) -> Response:
    """Why a person is a member or not: each condition, since when, and what changes next."""
    asked = _moment(at)

    async def build() -> dict[str, Any]:
        known = await load_segment(report.scope, segment_id)
        stored, moment_ms = known.version(version), known.at(asked)
        profile = await load_profile(report.scope, person)
        tree = explaining.explain(stored["resolved"], profile, moment_ms, report.fleet_zone)
        return Explained(
            segment_id=segment_id,
            version=stored["version"],
            person=person,
            at=text_of(moment_ms, report) or "",
            is_member=tree.value,
            truncated=int(profile["truncated"]),
            filters=_node(tree, report),
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.get("/people/{person}/segments", **with_schema("segments/person", PersonSegments))
async def segments_of_person(report: NamedOrganizationReport, person: Person) -> Response:
    """The newest membership of a person in each segment that they were ever in."""

    async def build() -> dict[str, Any]:
        profile = await load_profile(report.scope, person, ["segments", "into"])
        return PersonSegments(
            person=person,
            clock=text_of(await report.scope.segments_clock(), report),
            into=profile["into"],
            segments=[
                Membership(
                    segment_id=name,
                    version=known["version"],
                    is_member=known["in"],
                    since=text_of(known["since"], report),
                    until=text_of(known["until"], report),
                )
                for name, known in sorted(profile["segments"].items())
            ],
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.post("/segments/preview", response_model=Preview, **PREVIEW)
async def preview(request: Request, report: NamedOrganizationReport) -> Preview:
    """How many people match filters at the clock, or now while there is none, without defining a
    segment."""
    filters = await read_filters(request)
    await request.scope[TURN]()
    resolved = await resolve_filters(report.scope, filters)
    clock = await report.scope.segments_clock()
    if clock < 0:
        clock = milliseconds_at(report.now)
    found = await estimate(report.scope, resolved, report.fleet_zone, clock)
    return Preview(
        at=text_of(clock, report) or "",
        people=found.people,
        count=found.matching,
        low=found.low,
        high=found.high,
        method=found.method,
    )


def _moment(at: str | None) -> datetime | None:
    """Raises Problem (422)."""
    if at is None:
        return None
    try:
        return parse_moment(at).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong("at", "must be a time of RFC 3339") from None


def text_of(at: int | None, report: Report) -> str | None:
    """A moment in ms since 1970 as RFC 3339; None if there is none."""
    return None if at is None or at < 0 else iso_timestamp(moment_at(at), report.zone)


def _version(row: Document, members: dict[tuple[str, int], int], report: Report) -> SegmentVersion:
    return SegmentVersion(
        segment_id=row["segment_id"],
        name=row["name"],
        version=row["version"],
        status=row["status"],
        defined_at=iso_timestamp(row["defined_at"], report.zone),
        members=members.get((row["segment_id"], row["version"]), 0),
        progress=Progress(**row["progress"]) if row.get("progress") else None,
    )


def _node(tree: explaining.Explained, report: Report) -> Node:
    return Node(
        text=tree.text,
        value=tree.value,
        since=text_of(tree.since, report),
        until=text_of(tree.until, report),
        parts=[_node(part, report) for part in tree.parts],
    )
