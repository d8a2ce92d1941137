"""Measures a member of a group, from its first partition's start to its last durable effect."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
from pymongo import monitoring

import consumers
from bench.recording import LISTS, Recorder, is_of_effects
from bench.stopwatch import Measured, Stopwatch
from daybook.engine import logs
from daybook.engine.member.run import run
from daybook.engine.settings import settings


def record(short: str, topic: str, events: int, path: Path) -> Measured:
    """Like `count`, and records the member's writes in a file."""
    recorder = Recorder()
    monitoring.register(recorder)
    measured = count(short, topic, events)
    recorder.save(path)
    return measured


def count(short: str, topic: str, events: int) -> Measured:
    """Runs a member until its group has caught up with a topic.

    Its definitions are read from topics with the same prefix. The group's name contains that of the
    database, because Kafka keeps the commits of earlier runs.
    """
    group, database = consumers.find(short), settings().mongodb_database
    (source,) = group.sources
    prefix = topic.removesuffix(source.topic)
    bench_group = replace(
        group,
        name=f"{group.name}-{database}",
        sources=(replace(source, topic=topic),),
        definitions=tuple(replace(d, topic=prefix + d.topic) for d in group.definitions),
    )
    stopwatch = Stopwatch()
    writes = _Writes(stopwatch)
    monitoring.register(writes)
    _start_with_first_partition(stopwatch)
    run(bench_group, settings(), until_caught_up=True, started=lambda member: None)
    return stopwatch.measured(events, writes.written)


class _Writes(monitoring.CommandListener):
    """Stops the stopwatch at each durable write of an effect, and counts documents and bulks."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        self._stopwatch = stopwatch
        self._running: set[int] = set()
        self.written: dict[str, list[int]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if not is_of_effects(event):
            return
        self._running.add(event.request_id)
        written = self.written.setdefault(str(event.command[event.command_name]), [0, 0])
        written[0] += len(event.command[LISTS[event.command_name]])
        written[1] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self._running:
            self._running.discard(event.request_id)
            self._stopwatch.stop()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._running.discard(event.request_id)


def _start_with_first_partition(stopwatch: Stopwatch) -> None:
    """Starts the stopwatch at the member's log event for its first partition."""

    def note(_: Any, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        if event["event"] == "partition started":
            stopwatch.start()
        return event

    logs.configure("json")
    structlog.configure(processors=[note, *structlog.get_config()["processors"]])
