"""A message at which a group's own code raises becomes a dead letter, and the rest is counted."""

import json
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest

from consumers import revenue, user_lifecycle
from daybook.engine.batch import FAULT, Batch
from daybook.engine.decode.decoder import Decoder
from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.fields import conditions
from daybook.engine.documents.source import Definition
from daybook.engine.documents.state import State
from daybook.engine.errors import Unavailable, Unwritable
from daybook.engine.partition import Partition
from daybook.engine.protocol.definitions import Definitions
from daybook.engine.protocol.quarantine import find_faults
from daybook.exports.worker import Worker
from daybook.funnels.registry import Registry
from tests.fakes.memory_store import MemoryStore
from tests.support.faulty import FAULTY, SECRET, UNLUCKY
from tests.support.log import LogMessage
from tests.support.runner import RULES, FakeDeadLetters, Lane, Runner

HERE = Partition("sc.domain.order", "topic-id", 0)
ARRIVED_MS = 1_800_000_000_000


def message(offset: int, order: str, cents: int, kind: str = "payment_succeeded") -> LogMessage:
    amount = "amount_cents" if kind == "payment_succeeded" else "refund_cents"
    data: dict[str, Any] = {"order_id": order, amount: cents}
    if kind == "payment_succeeded":
        data["currency"] = "EUR"
    event = {
        "event_id": f"00000000-0000-4000-8000-{offset:012x}",
        "event_type": f"order.{kind}",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "data": data,
    }
    return LogMessage(offset, json.dumps(event).encode(), order.encode(), ARRIVED_MS)


def counted(log: list[LogMessage], *, at_once: int) -> tuple[dict[str, Any], dict[int, str]]:
    """The collections, and the reasons of the dead letters by offset, after the log is counted."""
    store, dead_letters = MemoryStore(), FakeDeadLetters()
    runner = Runner(store, dead_letters, FAULTY, Lane(HERE, log))
    while runner.next < len(log):
        runner.settle(at_once)
    return store.collections, {at: reason for (_, _, at), (reason, _) in dead_letters.dead.items()}


def without_bookkeeping(collections: dict[str, Any]) -> dict[str, Any]:
    """What was counted; states of keys that have only dead letters have only their home."""
    return {
        name: {
            id: {field: value for field, value in document.items() if field != "_daybook"}
            for id, document in documents.items()
            if document["_daybook"]["applied"]
        }
        for name, documents in collections.items()
    }


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_the_messages_to_blame_become_dead_letters_and_the_rest_is_counted(at_once: int) -> None:
    cents = [UNLUCKY if at in (0, 17, 18, 59) else 100 + at for at in range(60)]
    log = [message(at, f"o{at % 7}", amount) for at, amount in enumerate(cents)]
    good = [one for one, amount in zip(log, cents, strict=True) if amount != UNLUCKY]
    collections, dead = counted(log, at_once=at_once)
    assert dead == dict.fromkeys((0, 17, 18, 59), FAULT)
    assert without_bookkeeping(collections) == without_bookkeeping(counted(good, at_once=1)[0])


def test_of_messages_that_raise_only_together_the_last_one_is_to_blame() -> None:
    log = [
        message(0, "o1", UNLUCKY, "refunded"),
        message(1, "o2", 500),
        message(2, "o2", 1, "refunded"),
        message(3, "o2", UNLUCKY, "refunded"),
        message(4, "o2", 2, "refunded"),
    ]
    for at_once in (1, 5):
        _, dead = counted(log, at_once=at_once)
        assert dead == {3: FAULT}


def test_a_faulty_message_leaves_no_id_in_the_duplicate_window() -> None:
    """The recount leaves a dead letter out before it looks for duplicates, so members must, too."""
    twice = message(0, "o1", UNLUCKY)
    again = json.loads(twice.raw or b"")
    again["data"]["amount_cents"] = 700
    log = [twice, message(1, "o2", 5), replace(twice, at=2, raw=json.dumps(again).encode())]
    for at_once in (1, 3):
        collections, dead = counted(log, at_once=at_once)
        assert dead == {0: FAULT}
        (day,) = collections["analytics_revenue"].values()
        assert day["gross_revenue_cents"] == 705


def test_a_fault_is_described_by_its_kind_and_place_without_a_value() -> None:
    lane = Lane(HERE, [message(0, "o1", UNLUCKY)])
    runner = Runner(MemoryStore(), FakeDeadLetters(), FAULTY, lane)
    batch = runner.decoder.decode(lane.log, 1)  # type: ignore[arg-type]
    runner.settler.settle(batch)
    (fault,) = batch.dead
    assert (fault.reason, fault.detail) == (FAULT, "ArithmeticError")
    assert "in react" in fault.trace
    assert SECRET not in fault.trace
    assert (fault.key, fault.value) == (b"o1", lane.log[0].raw)


def test_what_the_store_raises_puts_no_message_into_quarantine() -> None:
    store, dead_letters = MemoryStore(), FakeDeadLetters()
    runner = Runner(store, dead_letters, FAULTY, Lane(HERE, [message(0, "o1", 5)]))

    def fail() -> None:
        raise RuntimeError("no message's fault")

    store.before = fail
    with pytest.raises(RuntimeError, match="no message's fault"):
        runner.settle(1)
    assert dead_letters.dead == {}


def test_a_document_that_mongodb_refuses_is_named_with_its_messages() -> None:
    store = MemoryStore()
    log = [message(0, "o1", 5), message(1, "o2", 6), message(2, "o1", 7, "refunded")]
    runner = Runner(store, FakeDeadLetters(), revenue.GROUP, Lane(HERE, log))
    refused = Unwritable("order_state", "o1", "it is too large")
    store.replace = Mock(side_effect=refused)  # type: ignore[method-assign]
    with pytest.raises(Unwritable, match=r"sc.domain.order\[0\].*: offset 0, 2, key o1.*exclude"):
        runner.settle(3)


def test_finding_faults_is_linear_in_the_messages_and_logarithmic_for_each_fault() -> None:
    size, faults = 4_096, {5, 6, 2_000, 4_095}
    batch = Batch(HERE, size)
    batch.offsets = list(range(size))
    batch.keys = [f"k{at % 100}" for at in range(size)]
    batch.events = [{} for _ in range(size)]
    unread: tuple[list[Any], ...] = batch.day_hours, batch.ids, batch.appended_ms, batch.raw
    for column in unread:
        column.extend([None] * size)
    folds: list[int] = []

    def fold(some: Batch, states: dict[str, State]) -> None:
        folds.append(len(some.offsets))
        if not faults.isdisjoint(some.offsets):
            raise ValueError

    states: dict[str, State] = {key: {} for key in batch.keys}
    assert {index for index, _ in find_faults(batch, states, fold)} == faults
    assert len(folds) <= 4 * len(faults) * 12
    assert sum(folds) <= 8 * size


def test_a_fault_of_no_message_is_raised_as_it_is() -> None:
    def fold(some: Batch, states: dict[str, State]) -> None:
        raise ValueError("at any rate")

    with pytest.raises(ValueError, match="at any rate"):
        list(find_faults(Batch(HERE, 0), {}, fold))


def test_a_condition_that_raises_is_found_where_the_message_is_read() -> None:
    """A counting group drops the rest of an event early, and its bytes with it."""
    event = {
        "event_id": "00000000-0000-4000-8000-000000000001",
        "event_type": "user.role_changed",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "data": {"user_id": "u1", "old_role": "user", "new_role": "admin"},
    }
    here = Partition("sc.domain.user", "topic-id", 0)
    rules = replace(RULES, leader_roles=None)  # type: ignore[arg-type]
    tries = conditions(user_lifecycle.GROUP.documents, rules)
    window = DuplicateWindow(10)
    decoder = Decoder(user_lifecycle.GROUP, here, Calendar(RULES.zone_info()), window, {}, 0, tries)
    raw = json.dumps(event).encode()
    messages: Any = [LogMessage(at, raw, b"u1", ARRIVED_MS) for at in range(2)]
    batch = decoder.decode(messages, 2)
    assert [(one.offset, one.reason, one.detail) for one in batch.dead] == [
        (0, FAULT, "TypeError"),
        (1, FAULT, "TypeError"),
    ]
    assert (batch.events, len(window)) == ([], 0)


def test_a_definition_that_cannot_be_taken_becomes_a_dead_letter_and_the_next_applies() -> None:
    topic = Partition("sc.domain.event", "events", 0)
    published = {
        "event_id": "00000000-0000-4000-8000-000000000001",
        "event_type": "event.published",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "data": {"event_id": "e1", "name": "Fair", "starts_at": "2026-02-31T10:00:00Z"},
    }
    mended = published | {"data": {"event_id": "e1", "name": "Fair"}}
    dead_letters, registry, rows = FakeDeadLetters(), Registry(), []
    fake: Any = dead_letters
    definitions = Definitions((), Mock(), dict, fake, Mock())
    untaken: Any = [
        (
            Definition(topic, at, ARRIVED_MS, event),
            LogMessage(at, json.dumps(event).encode(), b"e1", ARRIVED_MS),
        )
        for at, event in enumerate((published, mended))
    ]
    definitions._untaken.extend(untaken)
    definitions._bounds = dict  # type: ignore[method-assign]
    definitions.read_new(lambda definition: rows.append(registry.take(definition)))
    assert dead_letters.dead == {("events", 0, 0): (FAULT, "ValueError")}
    assert [row and row.values["name"] for row in rows] == ["Fair"]


def test_an_order_for_an_export_that_cannot_be_read_becomes_a_dead_letter() -> None:
    fake: Any = Mock()
    worker = Worker(fake, Mock(), Mock())
    batch = Batch(HERE, 1, offsets=[0], raw=[(b"j1", b"{}")])
    batch.events = [{"event_type": "export.requested", "occurred_at": "no time"}]
    worker.settle(batch)
    assert batch.events == []
    assert [(one.offset, one.reason) for one in batch.dead] == [(0, FAULT)]
    fake.write.side_effect = Unavailable("Kafka does not answer")
    with pytest.raises(Unavailable):
        worker.settle(Batch(HERE, 1, offsets=[0], events=[{"event_type": "export.failed"}]))
