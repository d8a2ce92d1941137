"""Our own: a member of a group, from its first partition's start to its last durable effect."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import structlog
from pymongo import monitoring

import consumers
from bench.stopwatch import Measured, Stopwatch
from engine import logs
from engine.group import Group
from engine.run import run
from engine.settings import settings


def count(short: str, topic: str, events: int) -> Measured:
    """Runs a member until its group has caught up with a topic.

    The group is named after the database too: Kafka keeps the commits of runs before.
    """
    group, database = consumers.find(short), settings().mongodb_database
    (source,) = group.sources
    own = replace(group, name=f"{group.name}-{database}", sources=(replace(source, topic=topic),))
    stopwatch = Stopwatch()
    writes = _Writes(own, stopwatch)
    monitoring.register(writes)
    _listen(stopwatch)
    run(own, settings(), until_caught_up=True, started=lambda member: None)
    return stopwatch.measured(events, writes.states, writes.bulks)


class _Writes(monitoring.CommandListener):
    """Stops the stopwatch at each durable write of an effect; counts the states written."""

    def __init__(self, group: Group, stopwatch: Stopwatch) -> None:
        self._state = group.state.collection if group.state else None
        self._effects = {self._state, *(model.collection for model in group.documents)}
        self._stopwatch = stopwatch
        self._running: set[int] = set()
        self.states = 0
        self.bulks = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name != "update" or event.command["update"] not in self._effects:
            return
        self._running.add(event.request_id)
        if event.command["update"] == self._state:
            self.states += len(event.command["updates"])
            self.bulks += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.request_id in self._running:
            self._running.discard(event.request_id)
            self._stopwatch.stop()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._running.discard(event.request_id)


def _listen(stopwatch: Stopwatch) -> None:
    """The member's log says when it is told where to read its first partition from."""

    def note(_: Any, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        if event["event"] == "partition started":
            stopwatch.start()
        return event

    logs.configure("json")
    structlog.configure(processors=[note, *structlog.get_config()["processors"]])
