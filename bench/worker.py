"""`python -m bench.worker PROGRAM TOPIC EVENTS [WRITTEN]`: one run, told as a line of JSON.

WRITTEN is JSON: what `bare` is to write of each collection, [documents, bulks].
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict

from bench import member, yardsticks
from bench.stopwatch import Measured

PROGRAMS: dict[str, Callable[..., Measured]] = {
    "order-funnel": lambda topic, events: member.count("order-funnel", topic, events),
    "revenue": lambda topic, events: member.count("revenue", topic, events),
    "funnel-step": lambda topic, events: member.count("funnel-step", topic, events),
    "read-only": yardsticks.read_only,
    "into-models": yardsticks.read_into_models,
    "into-dicts": yardsticks.read_into_dicts,
    "one-update": yardsticks.one_update_an_event,
    "bare": yardsticks.bare,
}


def main() -> None:
    program, topic, events, *written = sys.argv[1:]
    measured = PROGRAMS[program](topic, int(events), *map(json.loads, written))
    print(json.dumps(asdict(measured)))


main()
