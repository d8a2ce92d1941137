"""An organization's segments and people, as members of the group store them."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from daybook.engine.moment import moment_at
from daybook.engine.mongo.client import Documents
from daybook.segments.feed import profile_id
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.resolve import digest
from daybook.segments.memberships import Definition, evaluate
from daybook.segments.stage.profiles import blank
from daybook.segments.stage.shard import rows
from tests.query.conftest import ORGANIZATION
from tests.segments.filters.person import Person, at

CLOCK = "3 09:00"
CARTS = {"event": "cart_add", "within": "PT24H"}
_ZONE = ZoneInfo("UTC")


class Audience:
    """`clock` is the moment up to which everybody is evaluated, as `person.at` reads it."""

    def __init__(self, documents: Documents, clock: str = CLOCK) -> None:
        self._documents = documents
        self.clock = at(clock)
        self._defined: list[Definition] = []
        documents["segment_clocks"].insert_many(
            [{"_id": shard, "clock": self.clock + shard} for shard in range(12)]
        )

    def define(
        self,
        segment: str,
        filters: Mapping[str, Any],
        version: int = 1,
        status: str = "active",
        organization: str = ORGANIZATION,
    ) -> None:
        """Stores a version, by which the people added later are evaluated if it is in force."""
        self._documents["audience_segments"].insert_one(
            {
                "_id": f"{organization}:{segment}:{version}",
                "organization_id": organization,
                "segment_id": segment,
                "version": version,
                "name": segment.title(),
                "filters": filters,
                "resolved": filters,
                "hash": digest(filters),
                "defined_at": moment_at(at("1 08:00")),
                "status": status,
                "progress": {"done": 12, "total": 12},
            }
        )
        if status == "active":
            self._defined.append(Definition(segment, version, Matcher(filters, _ZONE)))

    def add(self, name: str, person: Person, organization: str = ORGANIZATION) -> None:
        """Stores a person, `u:…` or `v:…`, evaluated up to the clock, with their rows."""
        profile = blank(profile_id(organization, name)) | person.profile
        evaluate(profile, self._defined, self.clock)
        profile["unpublished"] = sorted(profile["segments"])
        self._documents["segment_profiles"].insert_one({**profile, "outbox": []})
        if members := list(rows(profile)):
            self._documents["segment_members"].insert_many(members)
