"""The versions of segments, as their topic defines them."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from daybook.recount.log.messages import Columns

EVENT_TYPES = ("segment.defined", "segment.retired", "campaign.pinned")
DATA_FIELDS = ("segment_id", "name", "filters", "version", "campaign_id")

Node = Mapping[str, Any]


@dataclass(slots=True)
class Version:
    """A version of a segment. `offset` is that of its definition; `ended` that of the definition or
    the retirement that ended it, None of one that is in force, and
    `ended_ms` when that was appended. `is_retired`: nothing came after."""

    organization: str
    segment: str
    number: int
    name: str
    filters: Node
    resolved: Node
    defined_ms: int
    offset: int
    ended: int | None = None
    ended_ms: int | None = None
    is_retired: bool = False

    @property
    def id(self) -> str:
        """The `_id` in `audience_segments`."""
        return f"{self.prefix}{self.number}"

    @property
    def prefix(self) -> str:
        """What the ids of all versions of the segment begin with."""
        return f"{encoded(self.organization)}:{encoded(self.segment)}:"

    @property
    def hash(self) -> str:
        """The SHA-256 of the resolved filters, in the one JSON text that they have."""
        text = json.dumps(self.resolved, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class Definitions:
    """`versions` in the order of the topic; `unreadable` are the offsets of messages that define
    nothing although no dead letter says so, each with the reason."""

    versions: list[Version] = field(default_factory=list)
    unreadable: list[tuple[int, str]] = field(default_factory=list)

    def take(self, columns: Columns) -> None:
        """Takes events of the topic, in its order."""
        names = ("offset", "appended_ms", "event_type", "organization_id", "data")
        for offset, at, event_type, organization, data in zip(
            *(columns[name] for name in names), strict=True
        ):
            owner = organization or "default"
            try:
                if event_type == "segment.defined":
                    self._define(owner, data, offset, at)
                elif event_type == "segment.retired":
                    self._retire(owner, data["segment_id"], offset, at)
            except (KeyError, LookupError, TypeError, ValueError) as error:
                self.unreadable.append((offset, f"{type(error).__name__}: {error}"))

    def of(self, organization: str, segment: str) -> Iterator[Version]:
        """The versions of a segment, the newest first."""
        for version in reversed(self.versions):
            if (version.organization, version.segment) == (organization, segment):
                yield version

    def _define(self, organization: str, data: Node, offset: int, at: int) -> None:
        segment, number = data["segment_id"], data["version"]
        newest = next(self.of(organization, segment), None)
        if newest and newest.ended is None:
            said = newest.number, newest.name, newest.filters
            if said == (number, data["name"], data["filters"]):
                return
        if number != (newest.number + 1 if newest else 1):
            raise ValueError(f"version {number} of {segment} does not come next")

        def find(other: str, wanted: int | None) -> Node:
            for known in self.of(organization, other):
                if other != segment and wanted in (None, known.number):
                    return known.resolved
            raise LookupError(f"no segment {other}")

        resolved = _resolved(data["filters"], find)
        if newest:
            newest.is_retired = False
            if newest.ended is None:
                newest.ended, newest.ended_ms = offset, at
        self.versions.append(
            Version(
                organization, segment, number, data["name"], data["filters"], resolved, at, offset
            )
        )

    def _retire(self, organization: str, segment: str, offset: int, at: int) -> None:
        newest = next(self.of(organization, segment), None)
        if newest is None:
            raise LookupError(f"no segment {segment}")
        if newest.ended is None:
            newest.ended, newest.ended_ms, newest.is_retired = offset, at, True


def _resolved(node: Node, find: Callable[[str, int | None], Node]) -> dict[str, Any]:
    for key in ("all", "any"):
        if key in node:
            return {key: [_resolved(part, find) for part in node[key]]}
    if "not" in node:
        return {"not": _resolved(node["not"], find)}
    if "segment" in node:
        return dict(find(node["segment"], node.get("version")))
    return dict(node)


def encoded(part: str) -> str:
    """A text as a part of an `_id`."""
    for letter in "%:.$\0":
        part = part.replace(letter, f"%{ord(letter):02X}")
    return part
