"""The response bodies about segments. Times are RFC 3339 in the requested zone."""

from typing import Any, Literal

from daybook.query.figures.body import Body
from daybook.query.figures.pagination import Pagination

Status = Literal["backfilling", "active", "superseded", "retired"]


class Progress(Body):
    """The shards whose profiles are evaluated for the version."""

    done: int
    total: int


class SegmentVersion(Body):
    """A version of a segment. `members` are those of the moment `clock`."""

    segment_id: str
    name: str
    version: int
    status: Status
    defined_at: str
    members: int
    progress: Progress | None


class SegmentList(Body):
    """The newest version of each segment. `clock`: the moment up to which all are evaluated."""

    clock: str | None
    segments: list[SegmentVersion]
    pagination: Pagination


class SegmentDay(Body):
    """The people whose newest membership began, and whose newest one ended, on a day."""

    date: str
    entered: int
    left: int


class Segment(SegmentVersion):
    """`resolved` has the filters of other segments put in; `hash` is its SHA-256.

    `days` are the last seven up to the clock, in the fleet's zone.
    """

    clock: str | None
    days: list[SegmentDay]
    filters: dict[str, Any]
    resolved: dict[str, Any]
    hash: str


class History(Body):
    """Every version of a segment, the oldest first."""

    segment_id: str
    clock: str | None
    versions: list[SegmentVersion]


class Member(Body):
    """`since` is when the membership began; null where `at` was asked for."""

    person: str
    since: str | None


class Members(Body):
    """A page of members at the moment `at`, by person; `after` continues behind its last one."""

    segment_id: str
    version: int
    at: str | None
    members: list[Member]
    after: str | None


class Node(Body):
    """A part of the filters: whether it holds, since when, and when that changes next.

    `since` is null if it was always so, `until` if it stays so while nothing happens.
    """

    text: str
    value: bool
    since: str | None
    until: str | None
    parts: list["Node"]


class Explained(Body):
    """Why a person is a member or not. `truncated`: facts of the person that had no room."""

    segment_id: str
    version: int
    person: str
    at: str
    is_member: bool
    truncated: int
    filters: Node


class Membership(Body):
    """The newest membership of a person in a segment; `until` is null while it lasts."""

    segment_id: str
    version: int
    is_member: bool
    since: str | None
    until: str | None


class PersonSegments(Body):
    """`into`: the user whom a visitor turned out to be, who has the memberships now."""

    person: str
    clock: str | None
    into: str | None
    segments: list[Membership]


class Preview(Body):
    """How many people match filters at a moment, of all people of the organization.

    `low` and `high` are the 95 % interval. `method` is `count`, or `sample` of 10,000 or so.
    """

    at: str
    people: int
    count: int
    low: int
    high: int
    method: Literal["count", "sample"]


class Campaign(Body):
    """A campaign that is pinned to a version: its members are those of the moment `pinned_at`.

    `status` is `pinning` until all are copied. `erased`: the copied people whose account was
    deleted since, of whom nothing is left.
    """

    campaign_id: str
    segment_id: str
    version: int
    pinned_at: str
    status: Literal["pinning", "pinned"]
    members: int
    erased: int


class CampaignMember(Body):
    """`withdrawn_at` is when the person withdrew their consent after the pin, else null."""

    person: str
    since: str
    withdrawn_at: str | None


class CampaignMembers(Body):
    """A page of a campaign's members, by person; `after` continues behind its last one."""

    campaign_id: str
    members: list[CampaignMember]
    after: str | None
