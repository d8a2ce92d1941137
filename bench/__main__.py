"""`python -m bench [PART …] [--pairs N] [--json FILE]`: Daybook beside its yardsticks.

Parts: startup, counting (order-funnel and revenue), funnel-step, collector, query, exports; all of
them unless named.
DAYBOOK_BENCH_EVENTS says how many order events to count, 1,200,000 unless set;
DAYBOOK_BENCH_TRACKING_EVENTS how many of a storefront's, 40,000 unless set.
"""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from bench.collector import collector
from bench.counting import counting
from bench.exports import exports
from bench.funnel_step import funnel_step
from bench.http.exchange import WrongAnswer
from bench.http.service import NotReady
from bench.install.startup import startup
from bench.machine import facts
from bench.query import query
from bench.report import show
from bench.result import Result
from bench.runs import RunFailed, Runs
from bench.servers import servers
from bench.totals import WrongTotals
from daybook.cli.support.printing import console
from daybook.engine.errors import DaybookError
from daybook.local.errors import ServerError

PARTS: dict[str, Callable[[Runs, int], Result]] = {
    "startup": startup,
    "counting": counting,
    "funnel-step": funnel_step,
    "collector": collector,
    "query": query,
    "exports": exports,
}
FAILURES = (DaybookError, NotReady, RunFailed, ServerError, WrongAnswer, WrongTotals)


def main() -> None:
    options = _options()
    # Servers are stopped on the way out.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    progress = Console(stderr=True)
    try:
        with servers() as variables:
            runs = Runs(variables, lambda line: progress.print(line, highlight=False))
            known = facts(runs.settings())
            results = [PARTS[part](runs, options.pairs) for part in options.parts or PARTS]
    except FAILURES as error:
        sys.exit(f"bench: {error}")
    known["load after"] = " ".join(f"{load:.2f}" for load in os.getloadavg())
    for result in results:
        known |= result.facts
    comparisons = [one for result in results for one in result.comparisons]
    figures = [one for result in results for one in result.figures]
    show(console(), known, comparisons, figures)
    if options.json:
        told = {
            "facts": known,
            "comparisons": [one.as_json() for one in comparisons],
            "figures": [one.as_json() for one in figures],
        }
        options.json.write_text(json.dumps(told, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--pairs", type=int, default=3, help="how often each pair is run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    return options


main()
