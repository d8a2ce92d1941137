"""`python -m bench.worker PROGRAM TOPIC EVENTS [MORE]`: one run, told as a line of JSON.

MORE is JSON: what `bare` is to write of each collection, [documents, bulks]; the file of `record`
and `replayed`; the report and the format of `export`.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import member, yardsticks
from bench.export import export
from bench.stopwatch import Measured

PROGRAMS: dict[str, Callable[..., Measured]] = {
    "order-funnel": lambda topic, events: member.count("order-funnel", topic, events),
    "revenue": lambda topic, events: member.count("revenue", topic, events),
    "funnel-step": lambda topic, events: member.count("funnel-step", topic, events),
    "record": lambda topic, events, path: member.record("funnel-step", topic, events, Path(path)),
    "read-only": yardsticks.read_only,
    "into-models": yardsticks.read_into_models,
    "into-dicts": yardsticks.read_into_dicts,
    "one-update": yardsticks.one_update_an_event,
    "export": export,
    "bare": yardsticks.bare,
    "replayed": yardsticks.replayed,
}


def main() -> None:
    program, topic, events, *more = sys.argv[1:]
    measured = PROGRAMS[program](topic, int(events), *map(json.loads, more))
    print(json.dumps(asdict(measured)))


main()
