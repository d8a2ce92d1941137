"""The recounted rows of `funnel_sessions` equal those that the group stores."""

from datetime import UTC, datetime
from uuid import UUID

from daybook.recount.compare import states
from daybook.recount.recounted import Document
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry
from tests.support.funnel_counting import counted, lanes
from tests.support.funnel_traffic import DAY_MS, NOON_MS, WHAT_MEMORIES_HOLD, Traffic, replayed
from tests.support.recounting import TOPIC_ID

Rows = dict[str, Document]


def rows_of(entries: list[Entry], ends: list[int] | None = None, *, messages: int = 40) -> Rows:
    return {
        name: {field: value for field, value in row.items() if field != "_daybook"}
        for name, row in counted(entries, "funnel_sessions", ends, messages=messages).items()
    }


def assert_equal(stored: Rows, recounted: Rows) -> None:
    assert stored.keys() == recounted.keys()
    for name, row in stored.items():
        assert {
            f for f in row.keys() | recounted[name].keys() if not _same(f, row, recounted[name])
        } == set()


def _same(field: str, row: Document, recounted: Document) -> bool:
    if field == "events_total":
        return bool(row[field] == recounted[field])
    return states.identical(row.get(field), recounted.get(field))


@WHAT_MEMORIES_HOLD
def test_the_recounted_rows_equal_those_of_the_group(
    visitors: int, sessions: int, days: float
) -> None:
    traffic = Traffic(50, visitors=visitors, sessions=sessions, days=days)
    entries = traffic.entries(2_500)
    with replayed(entries) as replay:
        recounted = dict(replay.results.states("funnel_sessions"))
    assert_equal(rows_of(entries), recounted)


def test_rows_are_recounted_up_to_the_group_and_one_row_further() -> None:
    entries = Traffic(60).entries(600)
    ends = [len(log) // 2 for log in lanes(entries)]
    base, further = rows_of(entries, ends), rows_of(entries)
    reach = {(TOPIC_ID, number): end - 1 for number, end in enumerate(ends)}
    with replayed(entries) as replay:
        replay.limit(reach)
        assert_equal(base, dict(replay.results.states("funnel_sessions")))
        name = next(name for name in sorted(base) if further[name] != base[name])
        marks = {(TOPIC_ID, n): len(log) - 1 for n, log in enumerate(lanes(entries))}
        replay.limit(reach, [(("funnel_sessions", name), marks)])
        assert_equal(base | {name: further[name]}, dict(replay.results.states("funnel_sessions")))
        spans = replay.results.spans("funnel_sessions", [name])[name]
        assert all(reach[p] < last <= marks[p] for p, (_, last) in spans.items())


def test_a_session_filled_up_by_another_funnel_keeps_its_earlier_row() -> None:
    """It was forgotten, then began anew under its old id with 500 events of another funnel."""
    later_ms = 36 * DAY_MS
    moments = [("f", 0), *(("g", later_ms + n) for n in range(500)), ("f", later_ms + 500)]
    entries = [viewed(number, funnel, at) for number, (funnel, at) in enumerate(moments)]
    rows = rows_of(entries)
    assert rows["default:v:s:f"]["page_views"] == 1
    assert rows == rows_of(entries, messages=1_000)
    with replayed(entries) as replay:
        assert_equal(rows, dict(replay.results.states("funnel_sessions")))


def viewed(number: int, funnel: str, after_ms: int) -> Entry:
    at = datetime.fromtimestamp((NOON_MS + after_ms) / 1000, UTC)
    event = {
        "event_id": str(UUID(int=number)),
        "event_type": "page_view",
        "occurred_at": at.isoformat(timespec="milliseconds"),
        "schema_version": 1,
        "data": {"visitor_id": "v", "session_id": "s", "funnel_id": funnel, "page": "/"},
    }
    return Entry(TRACKING, event, NOON_MS + after_ms)


def test_definitions_make_no_row() -> None:
    entries = [e for e in Traffic(61).entries(20) if e.topic == FUNNELS]
    with replayed(entries) as replay:
        assert dict(replay.results.states("funnel_sessions")) == {}
