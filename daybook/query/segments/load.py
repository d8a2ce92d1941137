"""Reads segments, profiles and memberships within the caller's organization."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import milliseconds_at
from daybook.query.lists.load import Selection
from daybook.query.problem import missing, wrong
from daybook.query.read.mongo import Document, Filter, beneath
from daybook.query.read.scope import Scope
from daybook.segments.counts import BY_VERSION, IS_MEMBER, by_version
from daybook.segments.feed import profile_id
from models.campaigns import CampaignMembers, Campaigns
from models.segments import AudienceSegments, SegmentMembers, SegmentProfiles


class Known(NamedTuple):
    """The versions of a segment, the oldest first, and the clock: -1 before the first round."""

    versions: Sequence[Document]
    clock: int

    def version(self, number: int | None) -> Document:
        """The version with this number, by default the newest one. Raises Problem (404)."""
        if number is None:
            return self.versions[-1]
        for version in self.versions:
            if version["version"] == number:
                return version
        raise missing("version")

    def at(self, asked: datetime | None) -> int:
        """The moment asked for, by default the clock. Raises Problem (422) for a later one."""
        if asked is None:
            return self.clock
        at = milliseconds_at(asked)
        if at > self.clock:
            raise wrong("at", "must not be after the moment up to which segments are evaluated")
        return at


async def load_segment(scope: Scope, segment_id: str) -> Known:
    """Raises Problem (404)."""
    versions = await scope.find(
        AudienceSegments.collection, {"segment_id": segment_id}, order=[("version", 1)]
    )
    if not versions:
        raise missing("segment")
    return Known(versions, await scope.segments_clock())


async def load_newest(scope: Scope, selection: Selection, status: str | None) -> list[Document]:
    """The newest version of each segment on a page, and one more if there is one."""
    where: list[Filter] = [{"status": status or {"$ne": "superseded"}}]
    where.append(selection.matching("name", "segment_id"))
    if selection.after is not None:
        where.append({"segment_id": {"$gt": selection.after}})
    return await scope.find(
        AudienceSegments.collection,
        {"$and": where},
        fields={"filters": False, "resolved": False},
        order=[("segment_id", 1), ("version", 1)],
        limit=selection.size + 1,
    )


async def count_members(scope: Scope, segments: Iterable[str]) -> dict[tuple[str, int], int]:
    """The members of each version of these segments, by segment and version."""
    where = {"segment_id": {"$in": sorted(set(segments))}, **IS_MEMBER}
    return by_version(await scope.aggregate(SegmentMembers.collection, where, [BY_VERSION]))


async def load_members(
    scope: Scope, version: Document, after: str | None, limit: int
) -> list[Document]:
    """The members of a version by person, behind `after`; and one more if there is one."""
    names = version["segment_id"], str(version["version"])
    where: Filter = {
        "segment_id": version["segment_id"],
        "version": version["version"],
        **IS_MEMBER,
        "_id": _behind(scope.id(*names), after),
    }
    return await scope.find(
        SegmentMembers.collection,
        where,
        fields=["person", "since"],
        order=[("_id", 1)],
        limit=limit + 1,
    )


async def load_matching(
    scope: Scope, matches: Filter, after: str | None, limit: int
) -> list[Document]:
    """The people whose profile matches an expression, as `load_members` does."""
    where = {"_id": _behind(scope.id(), after), "$expr": matches}
    return await scope.find(
        SegmentProfiles.collection, where, fields=["person"], order=[("_id", 1)], limit=limit + 1
    )


async def load_profile(scope: Scope, person: str, fields: Sequence[str] | None = None) -> Document:
    """Raises Problem (404)."""
    by_id = {"_id": profile_id(scope.organization, person)}
    profile = await scope.find_one(SegmentProfiles.collection, by_id, fields)
    if profile is None:
        raise missing("person")
    return profile


async def load_campaign(scope: Scope, campaign_id: str) -> Document:
    """Raises Problem (404)."""
    campaign = await scope.find_one(Campaigns.collection, {"_id": scope.id(campaign_id)})
    if campaign is None:
        raise missing("campaign")
    return campaign


async def load_campaign_members(
    scope: Scope, campaign_id: str, after: str | None, limit: int
) -> list[Document]:
    """The members of a campaign, as `load_members` does."""
    where = {"campaign_id": campaign_id, "_id": _behind(scope.id(campaign_id), after)}
    return await scope.find(CampaignMembers.collection, where, order=[("_id", 1)], limit=limit + 1)


def cut(found: Sequence[Document], limit: int) -> tuple[Sequence[Document], str | None]:
    """A page of what was found with one more than its limit, and the person behind whom the next
    page begins; None on the last page."""
    page = found[:limit]
    return page, page[-1]["person"] if len(found) > limit else None


def _behind(prefix: str, after: str | None) -> dict[str, Any]:
    """A filter for `_id`s that begin with a prefix and a person."""
    bounds = beneath(prefix)
    if after is None:
        return bounds
    letter, _, own = after.partition(":")
    return {"$gt": f"{prefix}:{letter}:{encode_part(own)}", "$lt": bounds["$lt"]}
