"""Checks the members of a run: MongoDB evaluates the definitions over a sample of the profiles."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bench.segments.definitions import Defined
from bench.totals import WrongTotals
from daybook.engine.mongo.client import Documents
from daybook.segments.definitions import Definitions
from daybook.segments.filters.expression import expression
from models.segments import SegmentMembers, SegmentProfiles

_SAMPLE_BELOW = 200
_CHECKED = 40


def check(documents: Documents, defined: Sequence[Defined], clock_ms: int) -> None:
    """Compares the members of some definitions, for one person in 50. Raises WrongTotals."""
    known = Definitions()
    for organization, segment, filters in defined:
        data = {"segment_id": segment, "name": segment, "filters": filters, "version": 1}
        event = {"event_type": "segment.defined", "organization_id": organization, "data": data}
        known.take(event, 0)
    for organization, segment, _ in defined[:: max(1, len(defined) // _CHECKED)]:
        version = known.in_force(organization)[segment]
        sample = {"organization_id": organization, "sample": {"$lt": _SAMPLE_BELOW}}
        profiles = documents[SegmentProfiles.collection]
        people = profiles.distinct("person", sample)
        holds = {"$expr": expression(version.resolved, ZoneInfo("UTC"), clock_ms)}
        expected = {one["person"] for one in profiles.find(sample | holds, {"person": 1})}
        rows = documents[SegmentMembers.collection].find(
            {"organization_id": organization, "segment_id": segment, "in": True}, {"person": 1}
        )
        if found := expected ^ ({row["person"] for row in rows} & set(people)):
            raise WrongTotals(f"segment {segment}: wrong about {', '.join(sorted(found)[:5])}")
