"""The segments in force of each organization, compiled, and which of them an item touches."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from daybook.segments.definitions import Definitions, Version
from daybook.segments.facts import Facts
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.profile import ANY_EVENT, kind
from daybook.segments.memberships import Definition

ALL = "*"
"""Stands for every segment of the organization."""

_ORDERS = "orders"
"""What conditions about orders and revenue depend on, beside kinds and attributes."""


class _Compiled:
    """One organization's definitions, and the segments by what they depend on."""

    def __init__(self, revision: int, versions: Mapping[str, Version], zone: ZoneInfo) -> None:
        self.revision = revision
        self.definitions = {
            segment: Definition(segment, version.number, Matcher(version.resolved, zone))
            for segment, version in versions.items()
        }
        self.by_name: dict[str, set[str]] = {}
        for segment, version in versions.items():
            for name in names(version.resolved):
                self.by_name.setdefault(name, set()).add(segment)


class InForce:
    """Compiles the definitions of an organization when they are first needed or have changed."""

    def __init__(self, definitions: Definitions, zone: ZoneInfo) -> None:
        self._definitions = definitions
        self._zone = zone
        self._compiled: dict[str, _Compiled] = {}

    def of(self, organization: str, segments: Iterable[str]) -> list[Definition]:
        """The definitions of these segments that are in force; `ALL` among them means each."""
        known, wanted = self._of(organization).definitions, set(segments)
        if ALL in wanted:
            return list(known.values())
        return [known[segment] for segment in sorted(wanted) if segment in known]

    def touched(self, organization: str, facts: Facts) -> set[str]:
        """The segments that may change by these facts; `ALL` if any may."""
        if not facts.keys().isdisjoint(("consent", "account", "join", "merge")):
            return {ALL}
        by_name, found = self._of(organization).by_name, set[str]()
        for name in _names_of(facts):
            found |= by_name.get(name, set())
        return found

    def _of(self, organization: str) -> _Compiled:
        revision = self._definitions.revision(organization)
        compiled = self._compiled.get(organization)
        if compiled is None or compiled.revision != revision:
            versions = self._definitions.in_force(organization)
            compiled = self._compiled[organization] = _Compiled(revision, versions, self._zone)
        return compiled


def _names_of(facts: Facts) -> Iterable[str]:
    yield from facts.get("did", ())
    yield from (kind(event_type) for event_type, _ in facts.get("before", ()))
    yield from (f"attribute {name}" for name in facts.get("attributes", ()))
    if "order" in facts:
        yield _ORDERS


def names(node: Mapping[str, Any]) -> set[str]:
    """What the value of filters depends on: kinds of events, attributes, and orders."""
    match node:
        case {"all": parts} | {"any": parts}:
            return set[str]().union(*map(names, parts))
        case {"not": part}:
            return names(part)
        case {"event": event_type}:
            found = {kind(event_type, node.get("where"))}
            return found | ({kind(node["then_not"])} if "then_not" in node else set())
        case {"attribute": name}:
            return {f"attribute {name}"}
        case {"seen": _}:
            return {ANY_EVENT}
    return {_ORDERS}
