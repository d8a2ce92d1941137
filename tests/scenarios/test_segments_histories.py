"""Random histories on real servers, with members that are killed: rows are those of the log."""

import random
import signal
from itertools import pairwise
from typing import Any

import pytest

from daybook.engine.moment import moment_at
from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.runs import newest_run
from schemas.envelope import moment_text
from tests.segments.filters.person import UTC
from tests.segments.stage.fleet import Fleet
from tests.segments.stage.test_histories import MINUTE, SEGMENTS, definitions, people, produce
from tests.support.segments import FAILPOINTS, Audience
from tests.support.world import World

EVENTS, PARTS = 400, 5
Rows = dict[tuple[str, str], tuple[bool, int, int | None]]


@pytest.mark.parametrize("seed", range(2))
def test_rows_are_those_of_the_log_wherever_members_are_killed(world: World, seed: int) -> None:
    audience, pick = Audience(world), random.Random(seed)
    for name, filters in SEGMENTS.items():
        audience.define(filters, name)
    history = Fleet(seed, definitions(), risk=0.0)
    sent, ends = dict.fromkeys(history.lanes, 0), list[int]()
    for _ in range(PARTS):
        for _ in range(EVENTS // PARTS):
            produce(history)
        for place, lane in history.lanes.items():
            new = lane.log[sent[place] :]
            world.publish([((one.named or b"").decode(), one.raw) for one in new], place[0])
            sent[place] += len(new)
        options = "--until-caught-up", f"--clock={moment_text(moment_at(history.now_ms))}"
        first = world.member(
            "segment", *options, failpoint=pick.choice([*FAILPOINTS, "before_checkpoint"])
        )
        if pick.random() < 0.7:
            ends.append(first.wait(120))
        second = world.member("segment", *options)
        assert second.wait(120) == 0, second.output()
        ends.append(first.wait(120))
    assert -signal.SIGKILL in ends
    history.now_ms += 200 * MINUTE
    last = world.member(
        "segment", "--until-caught-up", f"--clock={moment_text(moment_at(history.now_ms))}"
    )
    assert last.wait(120) == 0, last.output()
    stored: Rows = {
        (row["segment_id"], row["person"]): (row["in"], row["since"], row["until"])
        for row in world.documents["segment_members"].find()
    }
    assert stored == expected_rows(history)
    assert_published(audience, stored)


def expected_rows(history: Fleet) -> Rows:
    rows: Rows = {}
    for person, profile in people(history).items():
        for segment, filters in SEGMENTS.items():
            run = newest_run(Matcher(filters, UTC), profile, history.now_ms)
            if run is not None:
                rows[segment, person] = run.until is None, *run
    return rows


def assert_published(audience: Audience, stored: Rows) -> None:
    """Copies apart, each member's changes are in turn, by number, and end as the row."""
    told: dict[tuple[str, str], dict[int, Any]] = {}
    for change in audience.changes():
        data = change["data"]
        numbers = told.setdefault((data["segment_id"], data["person"]), {})
        known = numbers.setdefault(data["number"], change)
        assert known == change
    for member, numbers in told.items():
        assert list(numbers) == list(range(1, len(numbers) + 1))
        types = [one["event_type"] for one in numbers.values()]
        assert all(one != other for one, other in pairwise(types))
        is_in = types[-1] == "segment.entered"
        assert is_in == stored.get(member, (False,))[0]
    assert {member for member, (is_in, *_) in stored.items() if is_in} <= told.keys()
