"""`python -m bench.worker PROGRAM TOPIC EVENTS [MORE]`: one run; it prints its measurement as JSON.

MORE, each as JSON: for `bare`, by collection, the numbers of documents and bulks to write; for
`record` and `replayed`, the file; for `export`, the report and the format.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import member, yardsticks
from bench.export import export
from bench.recounting import verify
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
    "verify": verify,
    "bare": yardsticks.bare,
    "replayed": yardsticks.replayed,
}


def main() -> None:
    program, topic, events, *more = sys.argv[1:]
    measured = PROGRAMS[program](topic, int(events), *map(json.loads, more))
    print(json.dumps(asdict(measured)))


main()
