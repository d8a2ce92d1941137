"""`daybook simulate`: files that are a log, and messages sent in the order of the answer."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
from confluent_kafka import KafkaError, Producer
from typer.testing import CliRunner

from daybook.cli.main import app
from daybook.cli.support.simulate_files import check_writable
from daybook.cli.support.simulate_publish import Publisher
from daybook.engine.errors import DaybookError
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.settings import settings
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.entry import Entry
from daybook.simulate.message import DEFINITIONS, TOPICS, TRACKING, Message
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront

Deliver = Callable[[KafkaError | None, Any], None]
PLAN = Plan(events=300, seed=4, start=date(2026, 1, 5), days=3)
OPTIONS = ["simulate", "--events", "300", "--seed", "4", "--days", "3", "--start", "2026-01-05"]


class Broker:
    """Delivers what waits when it is asked to, which no one is before a flush."""

    def __init__(self) -> None:
        self.log: list[tuple[str, bytes, bytes | None]] = []
        self.fate: int | None = None

    def producer(self) -> Producer:
        return cast(Producer, _FakeProducer(self))


class _FakeProducer:
    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._waiting: list[tuple[str, bytes, bytes | None, Deliver]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def produce(self, topic: str, value: bytes, key: bytes | None, on_delivery: Deliver) -> None:
        self._waiting.append((topic, value, key, on_delivery))

    def poll(self, seconds: float) -> int:
        return 0

    def flush(self, seconds: float) -> int:
        waiting, self._waiting = self._waiting, []
        for topic, value, key, deliver in waiting:
            fate = self._broker.fate
            if fate is None:
                self._broker.log.append((topic, value, key))
            deliver(None if fate is None else KafkaError(fate), None)
        return 0

    def purge(self, in_flight: bool = True) -> None:
        self._waiting = []


@pytest.fixture
def fresh_settings() -> Iterator[None]:
    """Settings are read anew, now and by whoever comes next."""
    settings.cache_clear()
    yield
    settings.cache_clear()


def publisher(broker: Broker, rate: float | None = None) -> tuple[Publisher, list[int]]:
    told: list[int] = []
    senders = {topic: BulkProducer(broker.producer(), topic) for topic in TOPICS}
    return Publisher(senders, rate, told.append), told


def test_files_are_the_log_that_the_answer_is_of(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    files = {topic: _lines(tmp_path / "out" / f"{topic}.ndjson") for topic in TOPICS}
    assert len(files[TRACKING]) == 300
    log = [
        Entry(topic, files[topic].pop(0), 0)
        for part in _lines(tmp_path / "out/parts.ndjson")
        for topic, count in part.items()
        for _ in range(count)
    ]
    assert not any(files.values())
    assert _lines(tmp_path / "out/answer.ndjson") == answer(log)


def test_the_answer_is_in_the_fleet_s_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_settings: None
) -> None:
    monkeypatch.setenv("DAYBOOK_ZONE", "Asia/Tokyo")
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    log = [Entry(message.topic, message.event, 0) for message in storefront(PLAN)]
    told = _lines(tmp_path / "answer.ndjson")
    assert told == answer(log, ZoneInfo("Asia/Tokyo"))
    assert told != answer(log)


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path)])
    assert isinstance(done.exception, DaybookError)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("option", [["--rate", "5"], ["--answer", "elsewhere"]])
def test_files_are_written_at_once_with_their_answer(tmp_path: Path, option: list[str]) -> None:
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path), *option])
    assert done.exit_code == 2


def test_traffic_from_the_future_is_refused() -> None:
    done = CliRunner().invoke(app, ["simulate", "--start", "2999-01-01"])
    assert isinstance(done.exception, DaybookError)
    assert "choose an earlier --start" in str(done.exception)


def test_an_answer_that_cannot_be_written_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    where = tmp_path / "nowhere" / "answer.ndjson"
    done = CliRunner().invoke(app, [*OPTIONS, "--answer", str(where)])
    assert isinstance(done.exception, DaybookError)
    assert str(done.exception) == f"{where} cannot be written: No such file or directory"


def test_an_answer_that_can_be_written_is_not_touched_yet(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("the last answer")
    for each in (new, old):
        check_writable(each)
    assert not new.exists()
    assert old.read_text() == "the last answer"


def test_definitions_are_in_the_log_between_what_they_hold_for() -> None:
    messages, broker = list(storefront(PLAN)), Broker()
    own, told = publisher(broker)
    own.publish(messages)
    assert len(broker.log) == len(messages)
    assert told[-1] == 300
    assert _around_definitions(messages) == _around_definitions(
        [Message(0, topic, "", json.loads(value)) for topic, value, _ in broker.log]
    )


def test_every_message_has_its_key() -> None:
    messages, broker = list(storefront(PLAN)), Broker()
    publisher(broker)[0].publish(messages)
    sent = {(topic, value): key for topic, value, key in broker.log}
    assert sent == {(m.topic, m.value): m.key.encode() for m in messages}


def test_a_rate_is_not_exceeded() -> None:
    messages, broker = list(storefront(Plan(20, 1, PLAN.start, 1))), Broker()
    own, told = publisher(broker, rate=200.0)
    began = own.began
    own.publish(messages)
    assert own.ended - began >= 20 / 200.0
    assert told == list(range(1, 21))


def test_a_broken_cluster_ends_the_sending() -> None:
    broker = Broker()
    broker.fate = KafkaError._MSG_TIMED_OUT
    own, told = publisher(broker)
    own.publish(storefront(PLAN))
    assert own.broken
    assert own.why
    assert told == []


def test_an_interruption_ends_the_sending() -> None:
    broker = Broker()
    own, told = publisher(broker)
    own.interrupt()
    own.publish(storefront(PLAN))
    assert (own.why, told) == ("interrupted", [])


def _around_definitions(messages: list[Message]) -> list[tuple[set[str], set[str]]]:
    """For each definition, the ids of what came before it and after, but other definitions."""
    ids = [(m.topic in DEFINITIONS, m.event["event_id"].lower()) for m in messages]
    return [
        (
            {name for is_definition, name in ids[:place] if not is_definition},
            {name for is_definition, name in ids[place:] if not is_definition},
        )
        for place, (defines, _) in enumerate(ids)
        if defines
    ]


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]
