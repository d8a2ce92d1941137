"""Measures funnel-step on a storefront's traffic, next to the bare writes to mongod."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.comparison import Comparison, Goal
from bench.counting import SAME_WRITES
from bench.result import Result
from bench.runs import Log, Runs
from bench.storefront import TOPIC, Storefront

EVENTS = 40_000
SHARE = 0.4
OURS = "funnel-step, exactly once"
SAME_UPDATES = "the same updates, replayed"


def funnel_step(runs: Runs, pairs: int) -> Result:
    """After each run, compares every number of every document with the known answer."""
    traffic = Storefront(int(os.environ.get("DAYBOOK_BENCH_TRACKING_EVENTS", EVENTS)))
    runs.log(f"publishing {traffic.count:,} events to {TOPIC}")
    traffic.publish(runs.settings())
    log = Log(TOPIC, traffic.count, traffic.check)
    with TemporaryDirectory(prefix="daybook-bench-") as directory:
        recording = Path(directory) / "writes.bson"
        runs.record(log, recording)
        replayed = [
            (runs.run("funnel-step", log), runs.replay(log, recording)) for _ in range(pairs)
        ]
    repeated = [runs.run_and_repeat_writes("funnel-step", log) for _ in range(pairs)]
    written = repeated[-1][0].written
    wrote = ", ".join(f"{w:,} {name} in {b:,}" for name, (w, b) in sorted(written.items()))
    return Result(
        {
            "storefront": f"{traffic.count:,} tracking events over 14 days, as `daybook simulate` "
            "makes them",
            "funnel-step writes (in bulks)": wrote,
        },
        [
            Comparison(OURS, SAME_UPDATES, replayed, Goal(SHARE)),
            Comparison(OURS, SAME_WRITES, repeated, Goal(SHARE)),
        ],
    )
