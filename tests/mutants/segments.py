"""Seeded bugs of the segment group: watermarks, merges, time, new versions."""

from tests.mutants.mutant import Mutant

FACTS, SHARD = "daybook/segments/profile_facts.py", "daybook/segments/stage/shard.py"
ROUNDS, WORK = "daybook/segments/stage/rounds.py", "daybook/segments/stage/work.py"
NEW, MEMBERSHIPS = "daybook/segments/stage/new_definitions.py", "daybook/segments/memberships.py"
IN_STAGE = ("tests/segments/stage",)

SEGMENTS = (
    Mutant(
        "a message of the feed is taken after a hole",
        WORK,
        "if offset == following[number]:",
        "if offset >= following[number]:",
        ("tests/segments/stage/test_work.py",),
    ),
    Mutant(
        "a shard's checkpoint comes before its profiles",
        WORK,
        """        take(shards, parts.profiles, parts.send)
        parts.clocks.save_next(offsets)
""",
        """        parts.clocks.save_next(offsets)
        take(shards, parts.profiles, parts.send)
""",
        ("tests/segments/stage/test_work.py",),
    ),
    Mutant(
        "what comes after a merge stays with the visitor",
        FACTS,
        'elif profile["into"] is not None:',
        "elif False:",
        IN_STAGE,
    ),
    Mutant(
        "the oldest times are kept",
        FACTS,
        "del kept[:-most]",
        "del kept[most:]",
        ("tests/segments/test_profile_facts.py",),
    ),
    Mutant(
        "the clock does not wait for what visitors send on",
        ROUNDS,
        "self._barriers = (sources, feed, feed)",
        "self._barriers = (sources, feed)",
        IN_STAGE,
    ),
    Mutant(
        "the clock does not wait for the sources",
        ROUNDS,
        "self._barriers = (sources, feed, feed)",
        "self._barriers = (feed, feed)",
        IN_STAGE,
    ),
    Mutant(
        "the round's moment is that of its end",
        ROUNDS,
        "        return self._moment\n",
        "        return self._now_ms() - MARGIN_MS\n",
        IN_STAGE,
    ),
    Mutant(
        "an outbox is emptied before it is published",
        SHARD,
        """    if changes:
        outlets.publish(changes)
    reach("after_changes")
""",
        """    for profile in changed:
        profile["outbox"], profile["is_changed"] = [], False
    profiles.replace(changed)
    if changes:
        outlets.publish(changes)
    reach("after_changes")
""",
        IN_STAGE,
    ),
    Mutant(
        "what arrives late does not have the past evaluated again",
        MEMBERSHIPS,
        "not late.isdisjoint(matcher.names)",
        "False",
        ("tests/segments/test_memberships.py",),
    ),
    Mutant(
        "a fact that had to go does not have the past evaluated again",
        FACTS,
        "if _add_newest(times, at, TIMES_MAX) or at <= ",
        "_add_newest(times, at, TIMES_MAX)\n    if at <= ",
        ("tests/segments/test_memberships.py",),
    ),
    Mutant(
        "segments of people of whom nothing is known are left out",
        "daybook/segments/in_force.py",
        "found = compiled.of_anybody.union(",
        "found = set[str]().union(",
        ("tests/segments/stage",),
    ),
    Mutant(
        "when a window ends is not due",
        "daybook/segments/filters/matcher.py",
        "if counting >= place:",
        "if True:",
        ("tests/segments/filters/test_timeline.py",),
    ),
    Mutant(
        "members of a retired segment stay",
        MEMBERSHIPS,
        """    if known is None or not known["in"]:
""",
        """    if True:
""",
        IN_STAGE,
    ),
    Mutant(
        "a new version is evaluated only for who comes later",
        SHARD,
        'if self.evaluate(profile, segments[profile["organization_id"]]):',
        "if False:",
        IN_STAGE,
    ),
    Mutant(
        "a backfill that is continued begins anew for those who are through",
        NEW,
        'profile["_id"] > self.backfill.after',
        'profile["_id"] < self.backfill.after',
        IN_STAGE,
    ),
    Mutant(
        "what is defined during a backfill is never evaluated",
        NEW,
        "self._offsets = {key: offset for key, offset in self._offsets.items() if offset >= done}",
        "self._offsets = {}",
        IN_STAGE,
    ),
    Mutant(
        "a campaign gets the members of the moment at which they are copied",
        "daybook/segments/stage/pins.py",
        "self._copy(self._open(organization, campaign, pinned, at), pinned, shard)",
        "self._copy(self._open(organization, campaign, pinned, clock), pinned, shard)",
        ("tests/segments/stage/test_pins.py", "-k", "moment"),
    ),
    Mutant(
        "whose account is deleted stays in campaigns",
        SHARD,
        "        outlets.keep_lawful(changed, clock)\n",
        "        pass\n",
        ("tests/scenarios/test_segments.py", "-k", "campaign"),
    ),
    Mutant(
        "members of an earlier moment are those of the clock",
        "daybook/query/segments/routes.py",
        'expression(stored["resolved"], report.fleet_zone, moment_ms)',
        'expression(stored["resolved"], report.fleet_zone, known.clock)',
        ("tests/query/segments/test_routes.py", "-k", "earlier"),
    ),
    Mutant(
        "a sample is told as if it were everybody",
        "daybook/query/segments/estimate.py",
        "return Estimate(people, round(people * matching / examined), low, high, is_sample=True)",
        "return Estimate(people, matching, low, high, is_sample=True)",
        ("tests/query/segments/test_preview.py", "-k", "sample"),
    ),
)
