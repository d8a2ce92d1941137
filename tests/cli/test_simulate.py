"""`daybook simulate`: files and sent messages match the known answer."""

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
    """A fake broker: its producers deliver nothing before a flush."""

    def __init__(self) -> None:
        self.log: list[tuple[str, bytes, bytes | None]] = []
        self.error: int | None = None

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
            error = self._broker.error
            if error is None:
                self._broker.log.append((topic, value, key))
            deliver(None if error is None else KafkaError(error), None)
        return 0

    def purge(self, in_flight: bool = True) -> None:
        self._waiting = []


@pytest.fixture
def fresh_settings() -> Iterator[None]:
    """Settings are read again in this test and in the next one."""
    settings.cache_clear()
    yield
    settings.cache_clear()


def new_publisher(broker: Broker, rate: float | None = None) -> tuple[Publisher, list[int]]:
    reports: list[int] = []
    producers = {topic: BulkProducer(broker.producer(), topic) for topic in TOPICS}
    return Publisher(producers, rate, reports.append), reports


def test_the_answer_holds_for_the_files_in_the_order_of_their_parts(tmp_path: Path) -> None:
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


def test_the_answer_is_in_the_fleets_time_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fresh_settings: None
) -> None:
    monkeypatch.setenv("DAYBOOK_ZONE", "Asia/Tokyo")
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    log = [Entry(message.topic, message.event, 0) for message in storefront(PLAN)]
    written = _lines(tmp_path / "answer.ndjson")
    assert written == answer(log, ZoneInfo("Asia/Tokyo"))
    assert written != answer(log)


def test_a_directory_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path)])
    assert isinstance(done.exception, DaybookError)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("option", [["--rate", "5"], ["--answer", "elsewhere"]])
def test_out_excludes_rate_and_answer(tmp_path: Path, option: list[str]) -> None:
    done = CliRunner().invoke(app, [*OPTIONS, "--out", str(tmp_path), *option])
    assert done.exit_code == 2


def test_traffic_from_the_future_is_refused() -> None:
    done = CliRunner().invoke(app, ["simulate", "--start", "2999-01-01"])
    assert isinstance(done.exception, DaybookError)
    assert "choose an earlier --start" in str(done.exception)


def test_an_unwritable_answer_file_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "answer.ndjson"
    done = CliRunner().invoke(app, [*OPTIONS, "--answer", str(path)])
    assert isinstance(done.exception, DaybookError)
    assert str(done.exception) == f"{path} cannot be written: No such file or directory"


def test_the_check_for_a_writable_answer_file_changes_nothing(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.write_text("the last answer")
    for path in (new, old):
        check_writable(path)
    assert not new.exists()
    assert old.read_text() == "the last answer"


def test_definitions_keep_their_place_among_the_events() -> None:
    messages, broker = list(storefront(PLAN)), Broker()
    publisher, reports = new_publisher(broker)
    publisher.publish(messages)
    assert len(broker.log) == len(messages)
    assert reports[-1] == 300
    assert _around_definitions(messages) == _around_definitions(
        [Message(0, topic, "", json.loads(value)) for topic, value, _ in broker.log]
    )


def test_every_message_has_its_key() -> None:
    messages, broker = list(storefront(PLAN)), Broker()
    new_publisher(broker)[0].publish(messages)
    sent = {(topic, value): key for topic, value, key in broker.log}
    assert sent == {(m.topic, m.value): m.key.encode() for m in messages}


def test_a_rate_is_not_exceeded() -> None:
    messages, broker = list(storefront(Plan(20, 1, PLAN.start, 1))), Broker()
    publisher, reports = new_publisher(broker, rate=200.0)
    began = publisher.began
    publisher.publish(messages)
    assert publisher.ended - began >= 20 / 200.0
    assert reports == list(range(1, 21))


def test_a_failure_of_the_cluster_ends_publishing() -> None:
    broker = Broker()
    broker.error = KafkaError._MSG_TIMED_OUT
    publisher, reports = new_publisher(broker)
    publisher.publish(storefront(PLAN))
    assert publisher.broken
    assert publisher.why
    assert reports == []


def test_an_interrupt_ends_publishing() -> None:
    broker = Broker()
    publisher, reports = new_publisher(broker)
    publisher.interrupt()
    publisher.publish(storefront(PLAN))
    assert (publisher.why, reports) == ("interrupted", [])


def _around_definitions(messages: list[Message]) -> list[tuple[set[str], set[str]]]:
    """For each definition, the ids of the events before and after it, without definitions."""
    ids = [(m.topic in DEFINITIONS, m.event["event_id"].lower()) for m in messages]
    return [
        (
            {id for is_definition, id in ids[:position] if not is_definition},
            {id for is_definition, id in ids[position:] if not is_definition},
        )
        for position, (defines, _) in enumerate(ids)
        if defines
    ]


def _lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]
