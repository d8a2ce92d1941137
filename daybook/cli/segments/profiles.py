"""Reads people's profiles for questions about a segment at a moment."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daybook.engine.errors import Unknown
from daybook.engine.mongo.client import Documents, reachable
from daybook.query.segments.estimate import IS_KNOWN
from daybook.segments.feed import profile_id
from daybook.segments.filters.expression import expression
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.runs import newest_run
from models.segments import AudienceSegments, SegmentClocks, SegmentProfiles


class Version(NamedTuple):
    """A version of a segment; other segments are put into `resolved`."""

    number: int
    resolved: dict[str, Any]


def find_version(
    documents: Documents, organization: str, segment: str, wanted: int | None
) -> Version:
    """The wanted version of a segment, by default the newest. Raises Unknown and Unavailable."""
    where: dict[str, Any] = {"organization_id": organization, "segment_id": segment}
    if wanted is not None:
        where["version"] = wanted
    with reachable():
        found = documents[AudienceSegments.collection].find_one(where, sort=[("version", -1)])
    if found is None:
        raise Unknown(f"no segment {segment} of {organization}, or no such version")
    return Version(found["version"], found["resolved"])


def clock_of(documents: Documents) -> int | None:
    """The moment up to which all shards are evaluated, in ms since 1970; None before the first
    round. Raises Unavailable."""
    with reachable():
        clocks = [int(one["clock"]) for one in documents[SegmentClocks.collection].find()]
    clock = min(clocks, default=-1)
    return None if clock < 0 else clock


def matching(
    documents: Documents, organization: str, resolved: dict[str, Any], zone: ZoneInfo, at: int
) -> Iterator[tuple[str, int]]:
    """Each person who matches filters at a moment, and since when. Raises Unavailable."""
    matcher = Matcher(resolved, zone)
    where = {"organization_id": organization, "$expr": expression(resolved, zone, at)}
    with reachable():
        for profile in documents[SegmentProfiles.collection].find(where).sort("_id", 1):
            run = newest_run(matcher, profile, at)
            if run is not None:
                yield profile["person"], run.since


def find_profile(documents: Documents, organization: str, person: str) -> dict[str, Any]:
    """The profile of a person, `u:<user>` or `v:<visitor>`. Raises Unknown and Unavailable."""
    if person[:2] not in ("u:", "v:") or len(person) < len("u:x"):
        raise Unknown(f"no person {person}: a person is u:<user> or v:<visitor>")
    with reachable():
        found = documents[SegmentProfiles.collection].find_one(
            {"_id": profile_id(organization, person)}
        )
    if found is None:
        raise Unknown(f"no person {person} of {organization}")
    return found


def number_of_people(documents: Documents, organization: str, where: dict[str, Any]) -> int:
    """How many people of an organization a filter selects. Raises Unavailable."""
    with reachable():
        return documents[SegmentProfiles.collection].count_documents(
            {"organization_id": organization, **IS_KNOWN, **where}
        )
