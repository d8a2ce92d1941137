"""Measures order-funnel and revenue next to their yardsticks."""

import os
from functools import partial

from bench.comparison import Comparison, Goal
from bench.orders import DAYS, STEPS, Orders
from bench.result import Result
from bench.runs import Log, Runs
from bench.servers import publish
from bench.totals import check

EVENTS = 1_200_000
EVENTS_WITH_STATE = 120_000
EVENTS_ONE_BY_ONE = 20_000

OURS = "order-funnel, exactly once"
YARDSTICKS = (
    ("read-only", "read only", None),
    ("into-models", "read and validate, models", Goal(0.6)),
    ("into-dicts", "read and validate, TypedDicts", None),
)
BY_HAND = "one update per event, at least once"
SAME_WRITES = "the same upserts, bare"


def counting(runs: Runs, pairs: int) -> Result:
    """Runs alternate, so that whatever slows the machine down slows both runs of a pair."""
    every, with_state, one_by_one = (_publish(runs, name) for name in _counts())
    times = range(pairs)
    comparisons = [
        Comparison(
            OURS, name, [(runs.run("order-funnel", every), runs.run(p, every)) for _ in times], goal
        )
        for p, name, goal in YARDSTICKS
    ]
    by_hand = [(runs.run("order-funnel", every), runs.run("one-update", one_by_one)) for _ in times]
    comparisons.append(Comparison(OURS, BY_HAND, by_hand, Goal(100)))
    repeated = [runs.run_and_repeat_writes("revenue", with_state) for _ in times]
    comparisons.append(Comparison("revenue, exactly once", SAME_WRITES, repeated))
    text = f"{every.count:,} order events of {len(STEPS)} types over {DAYS} days"
    return Result({"orders": text}, comparisons)


def _counts() -> dict[str, int]:
    events = int(os.environ.get("DAYBOOK_BENCH_EVENTS", EVENTS))
    return {
        "all": events,
        "with-state": min(events, EVENTS_WITH_STATE),
        "one-by-one": min(events, EVENTS_ONE_BY_ONE),
    }


def _publish(runs: Runs, name: str) -> Log:
    orders, topic = Orders(_counts()[name]), f"bench.{name}"
    runs.log(f"publishing {orders.count:,} events to {topic}")
    publish(runs.settings(), topic, orders)
    return Log(topic, orders.count, partial(check, orders=orders))
