"""`python -m bench [--pairs N] [--json FILE]`: order-funnel and revenue beside their yardsticks.

DAYBOOK_BENCH_EVENTS says how many order events to count, 1,200,000 unless set.
"""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from rich.console import Console

from bench.comparison import Comparison, Goal
from bench.machine import facts
from bench.orders import Orders
from bench.report import show
from bench.runs import Log, RunFailed, Runs
from bench.servers import publish, servers
from bench.totals import WrongTotals
from cli.printing import console
from deploy.local.errors import ServerError
from engine.errors import DaybookError

EVENTS = 1_200_000
EVENTS_WITH_STATE = 120_000
EVENTS_ONE_BY_ONE = 20_000

OURS = "order-funnel, exactly once"
YARDSTICKS = (
    ("read-only", "read only", None),
    ("into-models", "read and validate, models", Goal(0.6)),
    ("into-dicts", "read and validate, TypedDicts", None),
)
BY_HAND = "one update an event, at least once"


def main() -> None:
    options = _options()
    # Servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    progress = Console(stderr=True)
    try:
        with servers() as variables:
            runs = Runs(variables, lambda line: progress.print(line, highlight=False))
            logs = _publish(runs, progress)
            sizes = [len(value) for _, value in logs["all"].orders.messages()]
            known = facts(runs.settings(), len(sizes), sum(sizes) / len(sizes))
            comparisons = _compare(runs, logs, options.pairs)
    except (DaybookError, RunFailed, ServerError, WrongTotals) as error:
        sys.exit(f"bench: {error}")
    show(console(), known, comparisons)
    if options.json:
        figures = [comparison.as_json() for comparison in comparisons]
        options.json.write_text(json.dumps({"facts": known, "comparisons": figures}, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="how often each pair is run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    return parser.parse_args()


def _publish(runs: Runs, progress: Console) -> dict[str, Log]:
    events = int(os.environ.get("DAYBOOK_BENCH_EVENTS", EVENTS))
    counts = {
        "all": events,
        "with-state": min(events, EVENTS_WITH_STATE),
        "one-by-one": min(events, EVENTS_ONE_BY_ONE),
    }
    logs = {name: Log(f"bench.{name}", Orders(count)) for name, count in counts.items()}
    for log in logs.values():
        progress.print(f"publishing {log.orders.count:,} events to {log.topic}", highlight=False)
        publish(runs.settings(), log.topic, log.orders)
    return logs


def _compare(runs: Runs, logs: dict[str, Log], pairs: int) -> list[Comparison]:
    """Ours, yardstick, ours, yardstick: what slows the machine down slows both of a pair."""
    every = logs["all"]
    times = range(pairs)
    comparisons = [
        Comparison(
            OURS, name, [(runs.run("order-funnel", every), runs.run(p, every)) for _ in times], goal
        )
        for p, name, goal in YARDSTICKS
    ]
    slow = logs["one-by-one"]
    by_hand = [(runs.run("order-funnel", every), runs.run("one-update", slow)) for _ in times]
    comparisons.append(Comparison(OURS, BY_HAND, by_hand, Goal(100)))
    with_state = [runs.run_and_repeat_states("revenue", logs["with-state"]) for _ in times]
    states = "the same state upserts, bare"
    comparisons.append(Comparison("revenue, exactly once", states, with_state))
    return comparisons


main()
