"""`python -m bench [PART …] [--pairs N] [--json FILE]`: measures Daybook against its yardsticks.

Parts: startup, counting (order-funnel and revenue), funnel-step, visitor, collector, query,
exports, recount, segments; all of them unless named.
DAYBOOK_BENCH_EVENTS: number of order events in `counting`; default 1,200,000.
DAYBOOK_BENCH_TRACKING_EVENTS: number of tracking events in `funnel-step`; default 40,000.
DAYBOOK_BENCH_SEGMENT_EVENTS, DAYBOOK_BENCH_SEGMENT_PEOPLE: numbers of events and people in
`segments`; default 200,000 and 100,000.
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
from bench.recounting import recounting
from bench.report import show
from bench.result import Result
from bench.runs import RunFailed, Runs
from bench.segments.part import segments
from bench.servers import servers
from bench.totals import WrongTotals
from bench.visitor.curve import curve
from daybook.cli.support.printing import console
from daybook.engine.errors import DaybookError
from daybook.local.errors import ServerError

PARTS: dict[str, Callable[[Runs, int], Result]] = {
    "startup": startup,
    "counting": counting,
    "funnel-step": funnel_step,
    "visitor": curve,
    "collector": collector,
    "query": query,
    "exports": exports,
    "recount": recounting,
    "segments": segments,
}
FAILURES = (DaybookError, NotReady, RunFailed, ServerError, WrongAnswer, WrongTotals)


def main() -> None:
    options = _options()
    # An exception, unlike the signal itself, stops the servers on the way out.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    progress = Console(stderr=True)
    try:
        with servers() as variables:
            runs = Runs(variables, lambda line: progress.print(line, highlight=False))
            machine_facts = facts(runs.settings())
            results = [PARTS[part](runs, options.pairs) for part in options.parts or PARTS]
    except FAILURES as error:
        sys.exit(f"bench: {error}")
    machine_facts["load after"] = " ".join(f"{load:.2f}" for load in os.getloadavg())
    for result in results:
        machine_facts |= result.facts
    comparisons = [comparison for result in results for comparison in result.comparisons]
    figures = [figure for result in results for figure in result.figures]
    show(console(), machine_facts, comparisons, figures)
    if options.json:
        report = {
            "facts": machine_facts,
            "comparisons": [comparison.as_json() for comparison in comparisons],
            "figures": [figure.as_json() for figure in figures],
        }
        options.json.write_text(json.dumps(report, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--pairs", type=int, default=3, help="number of runs of each pair; default 3"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all figures to this file as well"
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}")
    return options


main()
