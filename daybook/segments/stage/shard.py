"""A shard's work: takes items into profiles, evaluates those that are due, publishes changes.

New definitions are evaluated in all profiles of their organization, a page at a time.

Each step may be repeated after a crash. Items at or below a profile's watermark are skipped, rows
and profiles are guarded by the profile's revision, and a change has its number, by which a copy is
known.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.engine.documents.keys import encode_part
from daybook.engine.failpoints import reach
from daybook.segments.feed import FeedItem, FeedMessage, profile_id
from daybook.segments.filters.names import EVERYTHING
from daybook.segments.in_force import ALL, InForce
from daybook.segments.memberships import LATE, MERGED, due, evaluate, retire
from daybook.segments.profile_facts import apply
from daybook.segments.stage.new_definitions import Backfill, NewDefinitions
from daybook.segments.stage.profiles import Profile, Profiles, blank

PROFILES_AT_ONCE = 500
"""So that a piece of work takes seconds, however many segments there are."""
EVALUATED = (
    *("segments", "due", "due_at", "outbox", "evaluated_to", "late"),
    *("touched", "is_merged", "unpublished", "is_changed"),
)
PUBLISHED = ("outbox", "unpublished", "is_changed")
"""The fields of a profile that an evaluation changes, and those that are emptied afterwards."""
NOTHING_NEW = Backfill()

SendItems = Callable[[Sequence[FeedItem]], None]
"""Sends items to the shards of their profiles, durably. Raises Unavailable."""
Publish = Callable[[Sequence[Mapping[str, Any]]], None]
KeepLawful = Callable[[Collection[Profile], int], None]


class Folded(NamedTuple):
    """Profiles into which messages were taken, and the items that they send on."""

    profiles: dict[str, Profile]
    sent_on: list[FeedItem]


class Outlets(NamedTuple):
    """Where a shard's work goes, besides profiles and rows. Each raises Unavailable.

    `publish`: changes, durably and in their order. `keep_lawful`: deletions and withdrawals up to
    the clock to what was copied of these people.
    """

    publish: Publish
    keep_lawful: KeepLawful


def take(
    received: Iterable[tuple["Shard", Sequence[FeedMessage]]], profiles: Profiles, send: SendItems
) -> None:
    """Takes messages of the feed into the profiles of their shards, in one write.

    Raises Unavailable, and Refused if another writer changed a profile: then take them again.
    """
    received = list(received)
    stored = profiles.load(
        {item.profile for _, messages in received for message in messages for item in message.items}
    )
    folded = [shard.fold(messages, stored) for shard, messages in received]
    if sent_on := [item for one in folded for item in one.sent_on]:
        send(sent_on)
    reach("before_profiles")
    profiles.replace([profile for one in folded for profile in one.profiles.values()])


def evaluate_some(
    shards: Collection["Shard"], profiles: Profiles, outlets: Outlets, clock: int
) -> bool:
    """Evaluates some of the profiles of these shards that are due by the clock, which is theirs;
    false once all have been that were due at the beginning of a call.

    Raises Unavailable, and Refused if another writer changed a profile: then call it again.
    """
    _publish_rest(shards, profiles, outlets)
    by_number = {shard.number: shard for shard in shards}
    found = profiles.due(by_number.keys(), clock, PROFILES_AT_ONCE)
    for profile in found:
        by_number[profile["shard"]].evaluate(profile)
    if changed := [p for p in found if p["account"] or p["consent"]]:
        outlets.keep_lawful(changed, clock)
    _store(shards, found, profiles, outlets)
    return len(found) == PROFILES_AT_ONCE


def _publish_rest(shards: Collection["Shard"], profiles: Profiles, outlets: Outlets) -> None:
    """Publishes what was evaluated and not published, as by a member that died."""
    for shard in shards:
        while shard.has_rest and (found := profiles.changed(shard.number, PROFILES_AT_ONCE)):
            _publish_of(found, profiles, outlets)
        shard.has_rest = False


def _store(
    shards: Collection["Shard"],
    evaluated: Sequence[Profile],
    profiles: Profiles,
    outlets: Outlets,
) -> None:
    """Stores profiles of these shards that were evaluated, and publishes their changes."""
    for shard in shards:
        shard.has_rest = True
    profiles.update(evaluated, EVALUATED)
    _publish_of([profile for profile in evaluated if profile["is_changed"]], profiles, outlets)
    for shard in shards:
        shard.has_rest = False


def _publish_of(changed: Sequence[Profile], profiles: Profiles, outlets: Outlets) -> None:
    """Writes the rows of these profiles, publishes their outboxes, and then empties these."""
    if not changed:
        return
    reach("before_rows")
    profiles.put_rows([row for profile in changed for row in rows(profile)])
    reach("before_changes")
    changes = [
        change | {"profile": profile["_id"]} for profile in changed for change in profile["outbox"]
    ]
    if changes:
        outlets.publish(changes)
    reach("after_changes")
    for profile in changed:
        profile["outbox"], profile["unpublished"], profile["is_changed"] = [], [], False
    profiles.update(changed, PUBLISHED)


class Shard:
    """One shard of the profiles. `clock` is the moment up to which it evaluates. `has_rest` says
    whether there may be something that was evaluated and not published."""

    def __init__(
        self,
        number: int,
        profiles: Profiles,
        in_force: InForce,
        outlets: Outlets,
        clock: int,
        backfill: Backfill = NOTHING_NEW,
    ) -> None:
        self.number = number
        self.clock = clock
        self.new = NewDefinitions(backfill)
        self._profiles = profiles
        self._in_force = in_force
        self._outlets = outlets
        # Another member may have left something, and so may a piece of work that failed.
        self.has_rest = True

    def fold(self, messages: Iterable[FeedMessage], stored: Mapping[str, Profile]) -> Folded:
        """Takes messages of the feed, in their order, into the stored profiles of their items."""
        folded = Folded({}, [])
        touched: dict[str, set[str]] = {}
        for message in messages:
            for item in message.items:
                name = item.profile
                profile = folded.profiles.get(name)
                if profile is None:
                    profile = folded.profiles[name] = stored.get(name) or blank(name)
                    touched[name] = set(profile["touched"])
                first_seen = profile["first_seen"]
                sent = apply(profile, profile["person"], item.facts, message.origin, item.offset)
                for person, facts in sent:
                    to = profile_id(profile["organization_id"], person)
                    folded.sent_on.append(FeedItem(to, -1, facts))
                profile["is_merged"] = profile["is_merged"] or "merge" in item.facts
                if profile["first_seen"] != first_seen:
                    touched[name].add(ALL)
                elif ALL not in touched[name]:
                    touched[name].update(
                        self._in_force.touched(profile["organization_id"], item.facts)
                    )
        for name, segments in touched.items():
            profile = folded.profiles[name]
            if segments and not _is_only_pointer(profile):
                profile["touched"] = [ALL] if ALL in segments else sorted(segments)
                profile["due_at"] = -1
        return folded

    def backfill_some(self) -> bool:
        """Evaluates some profiles for new definitions; false if all are evaluated for all of them.

        Raises as `evaluate_some` does: then call it again. `new.backfill` is to be stored
        afterwards.
        """
        if self.new.is_done:
            return False
        _publish_rest([self], self._profiles, self._outlets)
        segments = self.new.begin()
        after = self.new.backfill.after
        profiles = self._profiles.after(self.number, after, list(segments), PROFILES_AT_ONCE)
        evaluated = []
        for profile in profiles:
            if self.evaluate(profile, segments[profile["organization_id"]]):
                evaluated.append(profile)
        _store([self], evaluated, self._profiles, self._outlets)
        if profiles:
            self.new.reach(profiles[-1]["_id"])
        else:
            self.new.finish()
        return True

    def evaluate(self, profile: Profile, also: Collection[str] = ()) -> bool:
        """Evaluates what is touched or due; returns whether the profile must be stored.

        It need not be if nothing changes but `evaluated_to`: it holds for an earlier moment, too.
        """
        before, due_before = profile["segments"], dict(profile["due"])
        was_touched = bool(profile["touched"])
        organization = profile["organization_id"]
        segments = {*profile["touched"], *due(profile, self.clock), *also}
        definitions = self._in_force.of(profile, segments)
        if ALL in segments:
            profile["late"] = [EVERYTHING]
        why = MERGED if profile["is_merged"] else LATE
        profile["segments"] = dict(before)
        for segment in segments - {ALL}:
            if not self._in_force.is_in_force(organization, segment):
                retire(profile, segment, self.clock)
        in_force = {one.segment: one.version for one in definitions}
        evaluate(profile, definitions, self.clock, why, self.new.reasons(profile, in_force))
        profile["touched"], profile["is_merged"] = [], False
        changed = {name for name, known in profile["segments"].items() if known != before.get(name)}
        profile["unpublished"] = sorted(changed.union(profile["unpublished"]))
        profile["is_changed"] = bool(profile["unpublished"])
        return was_touched or bool(changed) or profile["due"] != due_before


def _is_only_pointer(profile: Profile) -> bool:
    """Whether it is of a visitor whose facts a user has, and who was never a member."""
    return profile["into"] is not None and not (profile["segments"] or profile["due"])


def rows(profile: Profile) -> Iterable[dict[str, Any]]:
    """The rows of `segment_members` of a person that have changed, one a segment; those without
    `since` must go."""
    organization, _, person = profile["_id"].partition(":")
    for segment in profile["unpublished"]:
        known = profile["segments"][segment]
        yield (
            {"since_exact": True}
            | known
            | {
                "_id": f"{organization}:{encode_part(segment)}:{known['version']}:{person}",
                "organization_id": profile["organization_id"],
                "segment_id": segment,
                "person": profile["person"],
                "shard": profile["shard"],
                "revision": profile["revision"],
            }
        )
