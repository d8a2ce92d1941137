"""The definitions for which the profiles of a shard are not evaluated yet."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from daybook.segments.memberships import DEFINED, REDEFINED


class DefinitionChange(NamedTuple):
    """A segment that the definition at an offset defines, redefines or retires."""

    offset: int
    organization: str
    segment: str


class Backfill(NamedTuple):
    """How far a shard's profiles are evaluated for new definitions.

    Those below offset `done` are evaluated everywhere, and those below `target` in the profiles
    with an `_id` up to `after`. Without a `target`, none is under way.
    """

    done: int = 0
    target: int | None = None
    after: str = ""


class NewDefinitions:
    """What a shard must still be evaluated for; `backfill` is what is stored of it."""

    def __init__(self, backfill: Backfill) -> None:
        self.backfill = backfill
        self._offsets: dict[tuple[str, str], int] = {}

    def learn(self, changes: Iterable[DefinitionChange]) -> None:
        """Takes all changes there are, in their order."""
        done = self.backfill.done
        self._offsets = {(c.organization, c.segment): c.offset for c in changes if c.offset >= done}

    @property
    def is_done(self) -> bool:
        return not self._offsets

    def begin(self) -> Mapping[str, Collection[str]]:
        """The segments to evaluate now, by organization; new ones must wait until `finish`."""
        if self.backfill.target is None:
            self.backfill = Backfill(self.backfill.done, max(self._offsets.values()) + 1)
        target = self.backfill.target or 0
        found: dict[str, set[str]] = {}
        for (organization, segment), offset in self._offsets.items():
            if offset < target:
                found.setdefault(organization, set()).add(segment)
        return found

    def reach(self, after: str) -> None:
        """All profiles up to this `_id` are evaluated."""
        self.backfill = self.backfill._replace(after=after)

    def finish(self) -> None:
        """All profiles of the shard are evaluated for what `begin` returned."""
        done = self.backfill.target or 0
        self.backfill = Backfill(done)
        self._offsets = {key: offset for key, offset in self._offsets.items() if offset >= done}

    def reasons(self, profile: Mapping[str, Any], segments: Mapping[str, int]) -> dict[str, str]:
        """Of the segments, with the versions in force, those that the profile was never evaluated
        for, though it was for others: why their members change."""
        if profile["evaluated_to"] < 0:
            return {}
        found = {}
        for segment, version in segments.items():
            known = profile["segments"].get(segment)
            if known is not None:
                if known["version"] != version:
                    found[segment] = REDEFINED
            elif self._is_new(profile, segment):
                found[segment] = DEFINED
        return found

    def _is_new(self, profile: Mapping[str, Any], segment: str) -> bool:
        offset = self._offsets.get((profile["organization_id"], segment))
        if offset is None:
            return False
        target = self.backfill.target
        return target is None or offset >= target or profile["_id"] > self.backfill.after
