"""`python -m bench.worker PROGRAM TOPIC EVENTS [WRITES BULKS]`: one run, told as a line of JSON."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict

from bench import member, yardsticks
from bench.stopwatch import Measured

PROGRAMS: dict[str, Callable[..., Measured]] = {
    "order-funnel": lambda topic, events: member.count("order-funnel", topic, events),
    "revenue": lambda topic, events: member.count("revenue", topic, events),
    "read-only": yardsticks.read_only,
    "into-models": yardsticks.read_into_models,
    "into-dicts": yardsticks.read_into_dicts,
    "one-update": yardsticks.one_update_an_event,
    "bare-states": yardsticks.bare_states,
}


def main() -> None:
    program, topic, *numbers = sys.argv[1:]
    measured = PROGRAMS[program](topic, *map(int, numbers))
    print(json.dumps(asdict(measured)))


main()
