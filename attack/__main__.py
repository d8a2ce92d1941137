"""`python -m attack [PART …] [--json FILE]`: attacks a fleet of its own in every way we know.

PART is a part such as `collector`, or one attack such as `'collector: gzip bombs'`; all of them
unless named. --list prints their names.

It starts Kafka, MongoDB and Redis on free ports, a member of each group, a collector, a query
service and an export worker, and ends all of them. While each attack is made, a well-behaved
caller tracks events and reads reports. An attack has held if no process has ended, every group has
caught up, no answer was a server's fault, others were served within the bounds of
attack/bounds.py, and the memory of each process stayed below its bound. Before a fleet is ended, a
recount of the log must equal what is stored.

A fleet that an attack has hurt is replaced by a new one before the next attack.

Exit 0: all attacks held. 1: at least one did not; a line for each promise says what happened. 4: a
server could not be started.
"""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from rich.console import Console

from attack.catalogue import PARTS, chosen
from attack.outcome import Outcome
from attack.report import show
from attack.runner import Runner
from daybook.cli.support.printing import console
from daybook.engine.errors import DaybookError
from daybook.local.errors import ServerError

SECONDS_MAX = 510.0
"""After this no attack is begun; with the last one, and the recount of the fleet: ten minutes."""

_SERVERS_MISSING = 4


def main() -> None:
    options = _options()
    if options.list:
        for part, listed in PARTS.items():
            print(part, *(f"  {part}: {attack.name}" for attack in listed), sep="\n")
        return
    # An exception, unlike the signal itself, ends the fleet on the way out.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    progress = Console(stderr=True)
    outcomes: list[Outcome] = []
    began = time.monotonic()
    try:
        with Runner(lambda line: progress.print(line, highlight=False), SECONDS_MAX) as runner:
            for part, attacks in chosen(options.parts).items():
                outcomes += runner.run(part, attacks)
            outcomes += runner.finish()
    except (DaybookError, ServerError) as error:
        print(f"attack: {error}", file=sys.stderr)
        sys.exit(_SERVERS_MISSING)
    minutes = (time.monotonic() - began) / 60
    show(console(), outcomes, [*runner.notes, f"{minutes:.1f} minutes"])
    if options.json:
        options.json.write_text(json.dumps([outcome.as_json() for outcome in outcomes], indent=2))
    sys.exit(0 if all(outcome.held for outcome in outcomes) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m attack",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write all outcomes to this file as well"
    )
    parser.add_argument("--list", action="store_true", help="list the attacks, and make none")
    options = parser.parse_args()
    try:
        chosen(options.parts)
    except KeyError as error:
        parser.error(f"no part {error}; the parts are {', '.join(PARTS)}, and --list has attacks")
    return options


if __name__ == "__main__":
    main()
