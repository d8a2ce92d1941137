"""`python -m bench.segments.member PREFIX CLOCK EVENTS FILE`: runs a member until it is caught up.

All topics begin with the prefix; CLOCK is in milliseconds since 1970, or `running`, and then the
member goes on until it is killed. It writes its measurement
to the file as JSON: that of both stages, and the seconds of each.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog
from pymongo import monitoring

import consumers
from bench.segments.stages import StageTimes
from bench.stopwatch import Stopwatch
from consumers.segment import until
from daybook.engine import logs
from daybook.engine.group import Group
from daybook.engine.member.run import run
from daybook.engine.settings import settings

RUNNING = "running"
_WRITES = ("insert", "update", "delete")


def group(prefix: str) -> Group:
    """The group over topics with this prefix. Its name contains it, because Kafka keeps the commits
    of earlier runs."""
    found = consumers.find("segment")
    assert found.feed is not None
    return replace(
        found,
        name=f"{found.name}-{prefix.rstrip('.')}",
        sources=tuple(replace(s, topic=prefix + s.topic) for s in found.sources),
        definitions=tuple(replace(d, topic=prefix + d.topic) for d in found.definitions),
        feed=found.feed._replace(topic=prefix + found.feed.topic),
        produces=tuple(prefix + topic for topic in found.produces),
    )


class _Writes(monitoring.CommandListener):
    """Stops the stopwatch at each write of profiles and rows, and counts documents and commands."""

    def __init__(self, stopwatch: Stopwatch) -> None:
        self._stopwatch = stopwatch
        self.written: dict[str, list[int]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command, name = event.command, event.command_name
        if name not in _WRITES or not str(command[name]).startswith("segment_"):
            return
        written = self.written.setdefault(str(command[name]), [0, 0])
        written[0] += len(command.get("updates") or command.get("documents") or ())
        written[1] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        if event.command_name in _WRITES:
            self._stopwatch.stop()

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """The member writes again."""


def main() -> None:
    prefix, clock, events, file = sys.argv[1:]
    if clock == RUNNING:
        logs.configure("json")
        run(group(prefix), settings(), until_caught_up=False, started=lambda member: None)
    stopwatch, times = Stopwatch(), StageTimes()
    writes = _Writes(stopwatch)
    monitoring.register(writes)

    def note(_: Any, __: str, event: Mapping[str, Any]) -> Mapping[str, Any]:
        if event["event"] == "partition started" and not stopwatch.is_started:
            times.start()
            stopwatch.start()
        return event

    logs.configure("json")
    structlog.configure(processors=[note, *structlog.get_config()["processors"]])
    with times:
        run(
            until(group(prefix), int(clock)),
            settings(),
            until_caught_up=True,
            started=lambda member: None,
        )
    measured = asdict(stopwatch.measured(int(events), writes.written))
    Path(file).write_text(json.dumps({"measured": measured, "stages": times.seconds}))


main()
