"""The yardsticks of a member: programs that do part of its work, or all of it in a simple way."""

import gc
import json
from collections.abc import Callable
from datetime import UTC
from math import ceil
from pathlib import Path
from typing import Any

from bson import Int64
from confluent_kafka import Consumer, TopicPartition
from pymongo import ReplaceOne
from pymongo.collection import Collection

from bench.models import model_adapter
from bench.recording import replay
from bench.stopwatch import Measured, Stopwatch, Written
from daybook.engine.kafka.clients import common, reader
from daybook.engine.member.member import POLL_MESSAGES, POLL_SECONDS
from daybook.engine.moment import parse_moment
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from schemas.catalogue import source

ORDERS = "sc.domain.order"
ONE_UPDATE = "one_update_an_event"
_COPY = "bare_"


def read_only(topic: str, events: int) -> Measured:
    """Only reads the messages."""
    return _read(topic, events, lambda value: value)


def read_into_models(topic: str, events: int) -> Measured:
    """Reads and validates into pydantic models."""
    return _read(topic, events, model_adapter(ORDERS).validate_json)


def read_into_dicts(topic: str, events: int) -> Measured:
    """Reads and validates into the TypedDicts that members use."""
    return _read(topic, events, source(ORDERS).events.validate_json)


def _read(topic: str, events: int, parse: Callable[[Any], Any]) -> Measured:
    consumer = reader(settings())
    partitions = _partitions(consumer, topic)
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as a member does
    stopwatch, done = Stopwatch(), 0
    stopwatch.start()
    consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
    while done < events:
        for message in consumer.consume(POLL_MESSAGES, POLL_SECONDS):
            if message.error() is None:
                parse(message.value())
                done += 1
    stopwatch.stop()
    consumer.close()
    return stopwatch.measured(done)


def _partitions(consumer: Consumer, topic: str) -> list[int]:
    return list(consumer.list_topics(topic, timeout=10).topics[topic].partitions)


def one_update_an_event(topic: str, events: int) -> Measured:
    """Counts at least once: automatic commits, and one upsert of the day's document per event."""
    own = settings()
    days = database(own)[ONE_UPDATE]
    days.find_one()
    consumer = Consumer(
        common(own) | {"group.id": f"{topic}-by-hand", "enable.auto.offset.store": False}
    )
    stopwatch, done = Stopwatch(), 0
    stopwatch.start()
    consumer.assign([TopicPartition(topic, number, 0) for number in _partitions(consumer, topic)])
    while done < events:
        message = consumer.poll(POLL_SECONDS)
        if message is None or message.error() is not None:
            continue
        event = json.loads(message.value() or b"")
        day = parse_moment(event["occurred_at"]).astimezone(UTC)
        field = event["event_type"].replace(".", "_")
        days.update_one({"_id": f"{day:%Y-%m-%d}"}, {"$inc": {field: Int64(1)}}, upsert=True)
        consumer.store_offsets(message)
        done += 1
        stopwatch.stop()
    consumer.close()
    return stopwatch.measured(done)


def replayed(topic: str, events: int, path: str) -> Measured:
    """Sends exactly the writes of a recorded run, and does nothing else."""
    stopwatch = Stopwatch()
    replay(Path(path), database(settings()), stopwatch)
    return stopwatch.measured(events)


def bare(topic: str, events: int, written: Written) -> Measured:
    """Writes a run's final documents, as often and in as many bulk writes as the run did.

    Each write is a replacement by `_id` with upsert; nothing else of the run's work is done.
    """
    documents = database(settings())
    found = {name: list(documents[name].find()) for name in written}
    stopwatch = Stopwatch()
    stopwatch.start()
    for name, (writes, bulks) in written.items():
        _write(documents[f"{_COPY}{name}"], found[name], writes, bulks)
    stopwatch.stop()
    return stopwatch.measured(events, written)


def _write(copy: Collection[Any], found: list[Any], writes: int, bulks: int) -> None:
    size = max(1, ceil(writes / bulks))
    for begin in range(0, writes if found else 0, size):
        some = (found[n % len(found)] for n in range(begin, min(writes, begin + size)))
        copy.bulk_write(
            [ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in some], ordered=False
        )
