"""The recounted states of visitors equal those that the group stores."""

from daybook.recount.compare import states
from daybook.recount.compare.documents import UnequalField
from daybook.recount.log import pins
from daybook.recount.recounted import Document
from daybook.recount.replay.replay import Replay
from tests.support.funnel_counting import counted, lanes
from tests.support.funnel_traffic import WHAT_MEMORIES_HOLD, Traffic, replayed
from tests.support.recounting import TOPIC_ID


def differences(replay: Replay, stored: dict[str, Document]) -> dict[str, list[UnequalField]]:
    model = replay.models["visitor_state"]
    recounted = dict(replay.results.states("visitor_state"))
    assert recounted.keys() == stored.keys()
    unequal = {name: states.unequal_fields(model, stored[name], recounted[name]) for name in stored}
    return {name: fields for name, fields in unequal.items() if fields}


@WHAT_MEMORIES_HOLD
def test_the_recounted_states_equal_those_of_the_group(
    visitors: int, sessions: int, days: float
) -> None:
    """Both with the recorded pins and from the log alone."""
    traffic = Traffic(70, visitors=visitors, sessions=sessions, days=days)
    entries = traffic.entries(2_500)
    stored = counted(entries, "visitor_state")
    with replayed(entries) as replay:
        for known in (stored.values(), ()):
            replay.pin(row for state in known for row in pins.rows(state, TOPIC_ID))
            assert differences(replay, stored) == {}


def test_states_are_recounted_up_to_the_group_and_one_state_further() -> None:
    entries = Traffic(71).entries(600)
    ends = [len(log) // 2 for log in lanes(entries)]
    base, further = (counted(entries, "visitor_state", limit) for limit in (ends, None))
    reach = {(TOPIC_ID, number): end - 1 for number, end in enumerate(ends)}
    with replayed(entries) as replay:
        replay.limit(reach)
        assert differences(replay, base) == {}
        name = next(name for name in sorted(base) if further[name] != base[name])
        marks = {(TOPIC_ID, n): len(log) - 1 for n, log in enumerate(lanes(entries))}
        replay.limit(reach, [(("visitor_state", name), marks)])
        assert differences(replay, base | {name: further[name]}) == {}
        spans = replay.results.spans("visitor_state", [name])[name]
        assert all(reach[p] < last <= marks[p] for p, (_, last) in spans.items())
