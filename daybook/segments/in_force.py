"""The segments in force of each organization, compiled, and which of them an item touches."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from daybook.segments.definitions import Definitions, Version
from daybook.segments.facts import Facts
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.names import FIRST_SEEN, ORDERS, attribute
from daybook.segments.filters.profile import ANY_EVENT, kind
from daybook.segments.memberships import Definition
from daybook.segments.profile_facts import new_profile

ALL = "*"
"""Stands for every segment of the organization."""

_TOUCHES_ALL = ("consent", "account", "join", "merge")
_TOUCHED_MAX = 10_000
"""Combinations of names for which an organization's segments are remembered."""
_NOBODY = new_profile() | {"first_seen": 0}
"""A person of whom no condition has any fact."""


class _Compiled:
    """One organization's definitions, and the segments by what they depend on.

    `of_anybody` are the segments of which people may be members without any fact about them.
    """

    def __init__(self, revision: int, versions: Mapping[str, Version], zone: ZoneInfo) -> None:
        self.revision = revision
        self.definitions = {
            segment: Definition(segment, version.number, Matcher(version.resolved, zone))
            for segment, version in versions.items()
        }
        self.by_name: dict[str, set[str]] = {}
        for segment, definition in self.definitions.items():
            for name in definition.matcher.names:
                self.by_name.setdefault(name, set()).add(segment)
        self.of_anybody = self.by_name.get(FIRST_SEEN, set()).union(
            segment
            for segment, definition in self.definitions.items()
            if definition.matcher.value(_NOBODY, 0)
        )
        self.touched: dict[tuple[str, ...], frozenset[str]] = {}

    def of_names(self, names: tuple[str, ...]) -> frozenset[str]:
        """The segments that depend on any of these."""
        found = self.touched.get(names)
        if found is None:
            if len(self.touched) >= _TOUCHED_MAX:
                self.touched.clear()
            own = [self.by_name[name] for name in names if name in self.by_name]
            found = self.touched[names] = frozenset[str]().union(*own)
        return found


class InForce:
    """Compiles the definitions of an organization when they are first needed or have changed."""

    def __init__(self, definitions: Definitions, zone: ZoneInfo) -> None:
        self._definitions = definitions
        self._zone = zone
        self._compiled: dict[str, _Compiled] = {}

    def of(self, profile: Mapping[str, Any], segments: Collection[str]) -> list[Definition]:
        """The definitions of these segments that are in force; `ALL` among them means each.

        Those of which the person neither is nor has been a member, and that depend on nothing that
        is known of the person, are left out.
        """
        compiled = self._of(profile["organization_id"])
        known = compiled.definitions
        wanted = set(known) if ALL in segments else known.keys() & segments
        if len(wanted) > 1:
            wanted &= _relevant(compiled, profile)
        if ALL in segments:
            return [definition for segment, definition in known.items() if segment in wanted]
        return [known[segment] for segment in sorted(wanted)]

    def is_in_force(self, organization: str, segment: str) -> bool:
        """Whether the segment is in force."""
        return segment in self._of(organization).definitions

    def touched(self, organization: str, facts: Facts) -> Collection[str]:
        """The segments that may change by these facts; `ALL` if any may."""
        if not facts.keys().isdisjoint(_TOUCHES_ALL):
            return (ALL,)
        return self._of(organization).of_names(tuple(_names_of(facts)))

    def _of(self, organization: str) -> _Compiled:
        revision = self._definitions.revision(organization)
        compiled = self._compiled.get(organization)
        if compiled is None or compiled.revision != revision:
            versions = self._definitions.in_force(organization)
            compiled = self._compiled[organization] = _Compiled(revision, versions, self._zone)
        return compiled


def _relevant(compiled: _Compiled, profile: Mapping[str, Any]) -> set[str]:
    """The segments of which the person may be a member, or was one."""
    found = compiled.of_anybody.union(profile["segments"], profile["due"])
    by_name = compiled.by_name
    for name in profile["events"]:
        if name in by_name:
            found |= by_name[name]
    for name in map(attribute, profile["attributes"]):
        if name in by_name:
            found |= by_name[name]
    return found | by_name.get(ORDERS, set()) if profile["orders"] else found


def _names_of(facts: Facts) -> Iterable[str]:
    yield from facts.get("did", ())
    for event_type, _ in facts.get("before", ()):
        yield from (kind(event_type), ANY_EVENT)
    yield from map(attribute, facts.get("attributes", ()))
    if "order" in facts:
        yield ORDERS
