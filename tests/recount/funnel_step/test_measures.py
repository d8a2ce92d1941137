"""The recount of funnels equals the known answer, field by field, for any order of events."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daybook.recount.days import Days
from daybook.recount.recounted import Marks
from daybook.recount.replay.replay import Replay
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import Entry
from tests.simulate.short_logs import Log
from tests.support.funnel_traffic import Kafka, Traffic, documents, replayed
from tests.support.known_answer import expected, plain, without_derived
from tests.support.recounting import TOPIC_ID, reach

OWN = {"organization_id", "funnel_id", "step_id", "test_id", "variant_id", "event_id", "date"}
Found = dict[tuple[str, str], Any]
SOMETIME_MS = 1_772_500_000_000


def without_zeros(found: Found) -> Found:
    stripped = {}
    for name, document in found.items():
        kept = without_derived({k: v for k, v in document.items() if k not in OWN})
        if fields := plain(kept):
            stripped[name] = fields
    return stripped


def recounted(entries: Sequence[Entry], **settings: Any) -> Found:
    with replayed(entries, **settings) as replay:
        assert not replay.results.unreadable()
        return without_zeros(documents(replay))


def known(entries: Sequence[Entry], zone: str = "UTC") -> Found:
    return expected(answer(entries, ZoneInfo(zone)))


@pytest.mark.parametrize("seed", range(4))
def test_the_recount_equals_the_known_answer(seed: int) -> None:
    entries = Traffic(seed).entries(400)
    assert recounted(entries) == known(entries)


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Apia"])
def test_days_are_those_of_the_fleets_zone(zone: str) -> None:
    entries = Traffic(20).entries(1_000)
    assert recounted(entries, zone=zone) == known(entries, zone)


@pytest.mark.parametrize(
    ("visitors", "sessions", "days"),
    [(3, 70, 120), (2, 200, 60), (1, 2, 20)],
    ids=["35 days", "50 sessions", "500 events"],
)
def test_forgotten_sessions_stay_counted(visitors: int, sessions: int, days: float) -> None:
    traffic = Traffic(30, visitors=visitors, sessions=sessions, days=days)
    entries = traffic.entries(2_500)
    assert recounted(entries) == known(entries)


def test_a_document_is_recounted_up_to_its_own_watermarks() -> None:
    """The result is the known answer of the log up to there."""
    entries = Traffic(40).entries(300)
    for entry, cut in _levels(entries, ends=[150, 200, 260]):
        with replayed(entries) as replay:
            found = _at(replay, entries, base=100, cut=cut)
            assert found == known(entries[:entry])


def test_a_single_document_may_be_ahead_of_the_group() -> None:
    entries = Traffic(41).entries(300)
    until = _marks(entries[:200])
    further = known(entries)
    base = known(entries[:200])
    ahead = next(name for name in further if further[name] != base.get(name))
    with replayed(entries) as replay:
        replay.limit(until, [(ahead, _marks(entries))])
        found = without_zeros(documents(replay))
    assert found.pop(ahead) == further[ahead]
    assert found == {name: fields for name, fields in base.items() if name != ahead}


def _marks(entries: Sequence[Entry]) -> Marks:
    kafka = Kafka()
    for entry in entries:
        kafka.take(entry)
    return {(TOPIC_ID, number): end - 1 for number, end in kafka.ends.items()}


def _levels(entries: Sequence[Entry], ends: Sequence[int]) -> list[tuple[int, Marks]]:
    return [(end, _marks(entries[:end])) for end in ends]


def _at(replay: Replay, entries: Sequence[Entry], base: int, cut: Marks) -> Found:
    """The documents, with the group's position at `base` and every document at `cut`."""
    names = list(known(entries))
    replay.limit(_marks(entries[:base]), [(name, cut) for name in names])
    return without_zeros(documents(replay))


def entries_of(log: Log) -> list[Entry]:
    """The log's entries with realistic append times."""
    return [e._replace(appended_ms=SOMETIME_MS + n) for n, e in enumerate(log.entries)]


STORIES = {
    "strict, a step repeated": Log()
    .define("A", "B", "C", order="strict")
    .enter("A", 0)
    .enter("B", 1)
    .enter("B", 2)
    .enter("C", 3),
    "step 1 is excluded": Log().define("A", "B", exclusions=["A"]).enter("A", 0).enter("B", 1),
    "a late step": Log().define("A", "B", "C").enter("A", 0).enter("C", 20).enter("B", 10),
    "exactly the window": Log()
    .define("A", "B", window_seconds=60)
    .enter("A", 0)
    .enter("B", 60)
    .enter("A", 100)
    .enter("B", 160.001),
    "ties by position": Log().define("A", "B").enter("B", 5).enter("A", 5),
    "optional steps": Log().define("A", "B?", "C?").enter("A", 0).enter("C", 1),
    "every step optional": Log().define("A?", "B?").enter("A", 0).enter("B", 1),
    "any order": Log().define("A", "B", "C?", order="any").enter("B", 0).enter("A", 1),
    "a definition of a later day": Log().enter("A", 0).define("A").enter("A", 86_400),
    "a copy of an older definition": Log().define("A", "B").define("A").again(0).enter("A", 0),
    "a second definition": Log().define("A", "B").enter("A", 0).define("A").enter("B", 1),
}


@pytest.mark.parametrize("log", STORIES.values(), ids=STORIES.keys())
def test_attempts_equal_the_known_answer(log: Log) -> None:
    entries = entries_of(log)
    assert recounted(entries) == known(entries)


def test_a_pin_recorded_in_a_state_takes_precedence_over_append_times() -> None:
    """A member may have pinned another definition than the append times in the log suggest."""
    entries = entries_of(Log().define("A", "B").define("A").enter("A", 0).enter("B", 1))
    number = next(iter(_marks(entries)))[1]
    with replayed(entries) as replay:
        assert completions(replay) == 1
        reference = "DDDDDDDDDDDDDDDDDDDDDD:0:0"
        replay.pin([("default:v", "f", "2026-03-02", number, 0, reference, None)])
        assert reached(replay, "B") == 1
        gone = '{"steps": [{"step_id": "B", "optional": false}], "order": "any", '
        gone += '"exclusions": [], "window_ms": 1000}'
        replay.pin([("default:v", "f", "2026-03-02", number, 1, "gone:0:9", gone)])
        assert (reached(replay, "A"), reached(replay, "B")) == (0, 1)
        replay.limit(reach(0, number))
        assert (reached(replay, "A"), reached(replay, "B")) == (0, 0)


def completions(replay: Replay) -> int:
    return _sum(replay, "default:f:2026-03-02", "completions")


def reached(replay: Replay, step: str) -> int:
    return _sum(replay, f"default:f:{step}:2026-03-02", "reached")


def _sum(replay: Replay, document: str, path: str) -> int:
    found = replay.results.documents(Days())
    return sum(r.sums.get(path, 0) for (_, name), r in found.items() if name == document)


def test_money_without_a_currency_counts_under_xxx() -> None:
    log = Log().track("conversion", 0, conversion_type="custom", value_cents=7)
    fields = recounted(entries_of(log))["analytics_funnel", "default:f:2026-03-02"]
    assert fields["currencies"]["XXX"]["value_cents"] == 7


def test_a_step_named_like_the_reserved_word_gets_a_document_of_its_own() -> None:
    entries = entries_of(Log().convert(0).enter("unattributed", 1))
    names = {name for collection, name in recounted(entries) if "step" in collection}
    assert names == {
        "default:f:unattributed:2026-03-02",
        "default:f:%2575nattributed:2026-03-02",
    }


def test_a_visitor_remembers_event_ids_beyond_the_window() -> None:
    log = Log().view("/a", 0)
    for n in range(31):
        log.view("/b", n)
    again = [*log.entries, log.entries[0]]
    entries = [e._replace(appended_ms=SOMETIME_MS + n) for n, e in enumerate(again)]
    found = recounted(entries, duplicate_window=0)
    assert found["analytics_funnel", "default:f:2026-03-02"]["page_views"] == 32


def test_invalid_tracking_events_are_unreadable() -> None:
    log = Log().define("A").convert(0, 5).track("conversion", 1, conversion_type="bribe")
    log.track("step_exit", 2, step_id="A", exit_outcome="sideways").track("step_entry", 3)
    log.track("page_view", 4, page=7).track("page_view", 5, context=[])
    with replayed(entries_of(log)) as replay:
        assert len(replay.results.unreadable()) == 5
