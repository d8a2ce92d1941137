"""All definitions of segments: which versions there are, and which is in force."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from daybook.engine.documents.fields import Event
from daybook.engine.errors import Poison
from daybook.segments.filters.resolve import Unresolved, digest, resolve
from schemas.envelope import organization_of

IN_FORCE_MAX = 500
"""Segments of an organization that are in force at once."""

_INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a segment, which never changes.

    `filters` are as defined; in `resolved`, other segments are put in. `hash` is the SHA-256 of
    `resolved`. `defined_ms` is when the broker appended the definition, in ms since 1970.
    """

    number: int
    name: str
    filters: Mapping[str, Any]
    resolved: Mapping[str, Any]
    hash: str
    defined_ms: int


@dataclass(slots=True)
class Segment:
    """The versions of a segment in their order; the last is in force unless it is retired."""

    versions: list[Version] = field(default_factory=list)
    is_retired: bool = False

    @property
    def in_force(self) -> Version | None:
        return None if self.is_retired else self.versions[-1]


@dataclass(frozen=True, slots=True)
class Pinned:
    """The version of a segment that a campaign is pinned to, since the pin was appended."""

    segment: str
    version: int
    pinned_ms: int


class Definitions:
    """The segments and campaigns of all organizations, as far as their topic was read.

    Other organizations' segments are as if they were not there.
    """

    def __init__(self) -> None:
        self._segments: dict[str, dict[str, Segment]] = {}
        self._campaigns: dict[tuple[str, str], Pinned] = {}
        self.pins: list[tuple[str, str, Pinned]] = []
        """Every pin with its organization and campaign, in the order of the topic."""
        self._revisions: Counter[str] = Counter()

    def revision(self, organization: str) -> int:
        """A number that grows whenever the segments in force may have changed."""
        return self._revisions[organization]

    def segment(self, organization: str, segment: str) -> Segment | None:
        """The segment; None if it was never defined."""
        return self._segments.get(organization, {}).get(segment)

    def in_force(self, organization: str) -> dict[str, Version]:
        """The versions that are in force, by segment."""
        segments = self._segments.get(organization, {})
        found = {name: segment.in_force for name, segment in segments.items()}
        return {name: version for name, version in found.items() if version is not None}

    def campaign(self, organization: str, campaign: str) -> Pinned | None:
        """What the campaign is pinned to; None if it is not."""
        return self._campaigns.get((organization, campaign))

    def organizations(self) -> list[str]:
        """The organizations that have ever defined a segment."""
        return list(self._segments)

    def take(self, event: Event, appended_ms: int) -> None:
        """Takes an event of the topic, in its order; one that says again what holds does nothing.

        Raises Poison, and then has changed nothing.
        """
        organization, data = organization_of(event), event["data"]
        match event["event_type"]:
            case "segment.defined":
                self._define(organization, data, appended_ms)
            case "segment.retired":
                self._known(organization, data["segment_id"]).is_retired = True
            case "campaign.pinned":
                self._pin(organization, data, appended_ms)
        self._revisions[organization] += 1

    def _define(self, organization: str, data: Mapping[str, Any], appended_ms: int) -> None:
        name = data["segment_id"]
        segment = self.segment(organization, name) or Segment()
        newest = segment.versions[-1] if segment.versions else None
        if newest and _is_same(newest, data) and not segment.is_retired:
            return
        expected = newest.number + 1 if newest else 1
        if data["version"] != expected:
            raise Poison(_INVALID, f"data.version: must be {expected}")
        in_force = self.in_force(organization)
        if name not in in_force and len(in_force) >= IN_FORCE_MAX:
            raise Poison(_INVALID, f"data.segment_id: {IN_FORCE_MAX} segments are in force already")
        try:
            resolved = resolve(
                data["filters"], lambda other, number: self._find(organization, name, other, number)
            )
        except Unresolved as error:
            raise Poison(_INVALID, f"data.{error}") from None
        version = Version(
            expected, data["name"], data["filters"], resolved, digest(resolved), appended_ms
        )
        segment.versions.append(version)
        segment.is_retired = False
        self._segments.setdefault(organization, {})[name] = segment

    def _find(
        self, organization: str, own: str, other: str, number: int | None
    ) -> Mapping[str, Any]:
        """The resolved filters of another segment. Raises LookupError."""
        segment = None if other == own else self.segment(organization, other)
        if segment is None:
            raise LookupError(other)
        return segment.versions[-1 if number is None else number - 1].resolved

    def _known(self, organization: str, name: str) -> Segment:
        segment = self.segment(organization, name)
        if segment is None:
            raise Poison(_INVALID, "data.segment_id: there is no such segment")
        return segment

    def _pin(self, organization: str, data: Mapping[str, Any], appended_ms: int) -> None:
        segment = self._known(organization, data["segment_id"])
        version = segment.in_force
        pinned = self.campaign(organization, data["campaign_id"])
        if pinned is not None:
            if (pinned.segment, pinned.version) == (data["segment_id"], data["version"]):
                return
            raise Poison(_INVALID, "data.campaign_id: is pinned to another segment or version")
        if version is None or version.number != data["version"]:
            raise Poison(_INVALID, "data.version: is not in force")
        campaign = data["campaign_id"]
        pinned = Pinned(data["segment_id"], data["version"], appended_ms)
        self._campaigns[organization, campaign] = pinned
        self.pins.append((organization, campaign, pinned))


def _is_same(version: Version, data: Mapping[str, Any]) -> bool:
    return (version.number, version.name, version.filters) == (
        data["version"],
        data["name"],
        data["filters"],
    )
