"""Which messages of a log the recount reads, and which it skips."""

import pytest

from daybook.recount.log.messages import Facts, LogReader
from tests.support.recounting import HandLog

READER_TYPES = ("order.created", "order.refunded", "a", "b")
READER_FIELDS = ("order_id", "refund_cents")


def read(log: HandLog, facts: Facts | None = None) -> tuple[list[tuple[object, ...]], list[int]]:
    """Offset, type and data of the events that are read, and the offsets of unreadable messages."""
    reader = LogReader("sc-analytics-revenue", READER_TYPES, READER_FIELDS)
    columns = reader.read(log.messages, facts or Facts())
    names = "offset", "event_type", "data"
    rows = list(zip(*(columns[name] for name in names), strict=True))
    return rows, [offset for _, offset, _ in reader.unreadable]


def test_an_event_keeps_only_the_fields_that_the_rules_read() -> None:
    log = HandLog()
    log.order("refunded", refund_cents=5, note="extra")
    assert read(log) == ([(0, "order.refunded", {"order_id": "o", "refund_cents": 5})], [])


def test_the_last_of_equal_keys_wins() -> None:
    log = HandLog()
    log.write(
        b'{"event_type": "a", "event_type": "b", "data": {"refund_cents": 1, "refund_cents": 2}}',
        "o",
    )
    assert read(log)[0] == [(0, "b", {"refund_cents": 2})]


def test_events_of_unknown_types_are_skipped() -> None:
    log = HandLog()
    log.order("invented")
    assert read(log) == ([], [])


def test_tombstones_and_dead_letters_are_skipped() -> None:
    log = HandLog()
    log.write(None, "o")
    dead = log.write(b"nonsense", "o")
    log.order("created", partition=1, offset=dead)
    rows, unreadable = read(log, Facts(dead={0: frozenset({dead})}))
    assert [row[1] for row in rows] == ["order.created"]
    assert unreadable == []


@pytest.mark.parametrize(
    ("group", "is_read"), [("sc-analytics-revenue", True), ("sc-analytics-order-funnel", False)]
)
def test_a_replayed_message_is_read_only_for_its_group(group: str, is_read: bool) -> None:
    log = HandLog()
    headers = [("daybook-replay-of", b"x:0:1"), ("daybook-group", group.encode())]
    log.order("created", headers=headers)
    assert bool(read(log)[0]) is is_read


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense",
        b"[1]",
        b"{} {}",
        b'{"event_type": 5}',
        b'{"event_type": "a"',
        b'{"event_type": "order.created", "data": {"order_id": "\xff"}}',
        b'{"event_type": "order.created", "data": {"order_id": "\\ud800"}}',
        b'\xef\xbb\xbf{"event_type": "a"}',
        '{"event_type": "a"}'.encode("utf-16"),
        b'{"a":' * 100_000,
    ],
    ids=range(11),
)
def test_a_message_that_is_no_event_is_reported_as_unreadable(raw: bytes) -> None:
    log = HandLog()
    log.write(raw, "o")
    assert read(log) == ([], [0])


def test_whitespace_around_an_event_is_ignored() -> None:
    log = HandLog()
    log.write(b' \r\n{"event_type": "a"}\n\t ', "o")
    assert read(log) == ([(0, "a", {})], [])


def test_an_epoch_begins_at_the_offsets_where_partitions_were_added() -> None:
    facts = Facts(boundaries=({0: 10, 1: 20}, {0: 15, 1: 25, 2: 5}))
    assert [facts.epoch(0, offset) for offset in (9, 10, 15)] == [0, 1, 2]
    assert [facts.epoch(2, offset) for offset in (0, 5)] == [1, 2]
    assert facts.epoch(3, 0) == 2
