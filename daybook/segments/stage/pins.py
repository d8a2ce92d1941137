"""Copies the members of pinned campaigns, and keeps the copies lawful.

A pin means the members of its very moment. The profiles know them as soon as the clock has reached
it, so they are looked up by their facts as of then, however late that is done.
"""

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from bson import Int64
from pymongo import UpdateMany, UpdateOne

from daybook.engine.documents.keys import encode_part
from daybook.engine.moment import milliseconds_at, moment_at
from daybook.engine.mongo.client import Documents, reachable
from daybook.segments.definitions import Definitions, Pinned, Version
from daybook.segments.feed import SHARDS
from daybook.segments.filters.expression import expression
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.profile import DELETED, WITHDRAWN
from daybook.segments.filters.runs import newest_run
from daybook.segments.stage.profiles import Profile
from models.campaigns import CampaignMembers, Campaigns
from models.segments import SegmentProfiles

PEOPLE_AT_ONCE = 1_000
PINNING, PINNED = "pinning", "pinned"


class Pins:
    """The campaigns that `definitions` have read. Every method raises Unavailable.

    `clock_max` is the moment beyond which nothing is evaluated, in ms since 1970: a pin that was
    appended later means this moment.
    """

    def __init__(
        self,
        documents: Documents,
        definitions: Definitions,
        zone: ZoneInfo,
        clock_max: int | None = None,
    ) -> None:
        self._campaigns = documents[Campaigns.collection]
        self._members = documents[CampaignMembers.collection]
        self._profiles = documents[SegmentProfiles.collection]
        self._definitions = definitions
        self._zone = zone
        self._clock_max = clock_max
        # How many pins are copied, of each shard: they are, in their order.
        self._copied: dict[int, int] = {}

    def copy_some(self, shard: int, clock: int) -> bool:
        """Copies some members of a shard, all of whose facts up to the clock are in the profiles;
        false if there is nothing left to copy."""
        copied = self._copied.get(shard, 0)
        if copied == len(self._definitions.pins):
            return False
        organization, campaign, pinned = self._definitions.pins[copied]
        at = pinned.pinned_ms
        if self._clock_max is not None:
            at = min(at, self._clock_max)
        if at > clock:
            return False
        self._copy(self._open(organization, campaign, pinned, at), pinned, shard)
        return True

    def _copy(self, row: Mapping[str, Any], pinned: Pinned, shard: int) -> None:
        name, organization, campaign = row["_id"], row["organization_id"], row["campaign_id"]
        progress = row["shards"].get(str(shard), {})
        if progress.get("done"):
            self._copied[shard] = self._copied.get(shard, 0) + 1
            return
        segment = self._definitions.segment(organization, pinned.segment)
        assert segment is not None
        version, at = segment.versions[pinned.version - 1], milliseconds_at(row["pinned_at"])
        profiles = self._matching(organization, version, at, shard, progress)
        matcher = Matcher(version.resolved, self._zone)
        copies = [
            UpdateOne(
                {"_id": f"{name}:{profile['_id'].partition(':')[2]}"},
                {"$setOnInsert": _row(organization, campaign, profile, matcher, at)},
                upsert=True,
            )
            for profile in profiles
        ]
        with reachable():
            if copies:
                self._members.bulk_write(copies, ordered=False)
            reached = {
                "after": profiles[-1]["_id"] if profiles else progress.get("after", ""),
                "copied": Int64(progress.get("copied", 0) + len(profiles)),
                "done": len(profiles) < PEOPLE_AT_ONCE,
            }
            self._campaigns.update_one({"_id": name}, {"$set": {f"shards.{shard}": reached}})
            self._tell(name, organization, campaign)

    def _open(self, organization: str, campaign: str, pinned: Pinned, at: int) -> Mapping[str, Any]:
        """The campaign's row, made when it is first needed; its moment holds for all shards."""
        name = _id(organization, campaign)
        new = {
            "organization_id": organization,
            "campaign_id": campaign,
            "segment_id": pinned.segment,
            "version": pinned.version,
            "pinned_at": moment_at(at),
            "status": PINNING,
            "members": Int64(0),
            "erased": Int64(0),
            "shards": {},
        }
        with reachable():
            self._campaigns.update_one({"_id": name}, {"$setOnInsert": new}, upsert=True)
            found = self._campaigns.find_one({"_id": name})
        assert found is not None
        return found

    def _matching(
        self, organization: str, version: Version, at: int, shard: int, progress: Mapping[str, Any]
    ) -> list[Profile]:
        """The next members of a shard at the moment, by `_id`."""
        where = {
            "shard": shard,
            "organization_id": organization,
            "_id": {"$gt": progress.get("after", "")},
            "$expr": expression(version.resolved, self._zone, at),
        }
        with reachable():
            found = self._profiles.find(where).sort("_id", 1).limit(PEOPLE_AT_ONCE)
            return list(found)

    def _tell(self, name: str, organization: str, campaign: str) -> None:
        """Sets the counts of a campaign, and its status once all shards are copied."""
        where = {"organization_id": organization, "campaign_id": campaign}
        left = Int64(self._members.count_documents(where))
        shards = {"$map": {"input": {"$objectToArray": "$shards"}, "in": "$$this.v"}}
        done = {"$filter": {"input": "$$shards", "cond": "$$this.done"}}
        status = {"$cond": [{"$eq": [{"$size": done}, SHARDS]}, PINNED, PINNING]}
        erased = {"$subtract": [{"$sum": "$$shards.copied"}, left]}
        told = {
            name: {"$let": {"vars": {"shards": shards}, "in": value}}
            for name, value in (("status", status), ("erased", erased))
        }
        self._campaigns.update_one({"_id": name}, [{"$set": {"members": left, **told}}])

    def keep_lawful(self, profiles: Collection[Profile], clock: int) -> None:
        """Removes the rows of people whose account is deleted at the clock, and marks those of
        people who have withdrawn consent."""
        gone = [p for p in profiles if _last(p["account"], clock) == DELETED]
        withdrawn = [p for p in profiles if _last(p["consent"], clock) == WITHDRAWN]
        with reachable():
            for profile in gone:
                self._erase(profile["organization_id"], profile["person"])
            if withdrawn:
                marks = [_mark(profile, clock) for profile in withdrawn]
                self._members.bulk_write(marks, ordered=False)

    def _erase(self, organization: str, person: str) -> None:
        where = {"organization_id": organization, "person": person}
        for row in list(self._members.find(where, {"campaign_id": 1})):
            self._members.delete_one({"_id": row["_id"]})
            name = _id(organization, row["campaign_id"])
            self._tell(name, organization, row["campaign_id"])


def _id(organization: str, campaign: str) -> str:
    return ":".join(map(encode_part, (organization, campaign)))


def _row(
    organization: str, campaign: str, profile: Profile, matcher: Matcher, at: int
) -> dict[str, Any]:
    run = newest_run(matcher, profile, at)
    assert run is not None
    return {
        "organization_id": organization,
        "campaign_id": campaign,
        "person": profile["person"],
        "since": Int64(run.since),
        "withdrawn_at": None,
    }


def _last(changes: Collection[Any], clock: int) -> str | None:
    found = [what for at, what in changes if at <= clock]
    return found[-1] if found else None


def _mark(profile: Profile, clock: int) -> UpdateMany:
    """Marks a person's rows with the withdrawal that holds, unless they are marked."""
    at = max(at for at, what in profile["consent"] if at <= clock and what == WITHDRAWN)
    where = {"organization_id": profile["organization_id"], "person": profile["person"]}
    return UpdateMany(where | {"withdrawn_at": None}, {"$set": {"withdrawn_at": Int64(at)}})
