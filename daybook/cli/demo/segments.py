"""Three audience segments of the demo: who spends, and who left something in their cart."""

import json
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from daybook.cli.demo import ecom_events
from daybook.cli.demo.groups import count
from daybook.cli.demo.processes import StepFailed, command
from daybook.cli.demo.traffic import PLAN
from daybook.cli.segments.define import define_segment
from daybook.cli.segments.profiles import clock_of, find_version, matching
from daybook.cli.support.moment_options import milliseconds
from daybook.cli.support.printing import print_line, table
from daybook.engine.mongo.client import Documents, database
from daybook.engine.settings import Settings
from daybook.simulate.organizations import ACME
from schemas.envelope import DEFAULT_ORGANIZATION

CLOCK = f"{PLAN.start + timedelta(days=PLAN.days)}T00:00:00Z"
"""The end of the simulated shop's traffic: nothing is evaluated beyond it."""


class Shown(NamedTuple):
    """A segment, and two moments at which its members are counted."""

    organization: str
    segment: str
    name: str
    filters: Mapping[str, Any]
    moments: tuple[str, str]


SHOWN = (
    Shown(
        DEFAULT_ORGANIZATION,
        "big-spenders",
        "200 dollars in 90 days",
        {"revenue": {"currency": "USD", "at_least": 20_000}, "within": "P90D"},
        ("1997-04-01T00:00:00Z", "1998-04-01T00:00:00Z"),
    ),
    Shown(
        ecom_events.ORGANIZATION,
        "left-in-cart",
        "cart, nothing bought",
        {
            "event": "step_entry",
            "where": {"step_id": "cart"},
            "within": "PT24H",
            "then_not": "conversion",
        },
        ("2024-05-01T12:00:00Z", "2024-05-02T12:00:00Z"),
    ),
    Shown(
        str(ACME),
        "tickets-in-cart",
        "tickets, nothing paid",
        {"event": "cart_add", "within": "PT24H", "then_not": "order.payment_succeeded"},
        ("2026-01-10T12:00:00Z", "2026-01-11T12:00:00Z"),
    ),
)


def run(config: Settings, console: Console, logs: Path) -> None:
    """Defines the segments, and runs a member of the group `segment` until it has caught up.

    Raises DaybookError.
    """
    with TemporaryDirectory(prefix="daybook-demo-") as directory:
        for number, shown in enumerate(SHOWN):
            file = Path(directory) / f"{number}.json"
            fields = {"segment_id": shown.segment, "name": shown.name, "filters": shown.filters}
            file.write_text(json.dumps(fields))
            define_segment(file, shown.organization)
    clock = clock_of(database(config))
    is_later = clock is not None and clock > milliseconds(CLOCK)
    count(config, console, logs, {"segment": () if is_later else ("--clock", CLOCK)})


def members(config: Settings) -> Table:
    """For each segment, how many members it had at each of its moments."""
    documents, rows = database(config), []
    for shown in SHOWN:
        for moment in shown.moments:
            found = len(_members(config, documents, shown, moment))
            rows.append((f"{shown.organization}/{shown.segment}", shown.name, moment, f"{found:,}"))
    return table(("segment", "who", "at", "members"), rows)


def explain(config: Settings, console: Console) -> None:
    """Prints why somebody is a member. Raises StepFailed."""
    shown = SHOWN[-1]
    moment = shown.moments[0]
    person = _members(config, database(config), shown, moment)[0]
    asked = ["segments", "explain", shown.segment, person]
    asked += ["--organization", shown.organization, "--at", moment]
    print_line(f"\n$ daybook {' '.join(asked)}", console)
    done = subprocess.run(command(*asked), stdin=subprocess.DEVNULL, text=True, capture_output=True)
    print_line((done.stdout + done.stderr).rstrip(), console)
    if done.returncode:
        raise StepFailed("nobody could be explained", done.returncode)


def _members(config: Settings, documents: Documents, shown: Shown, moment: str) -> list[str]:
    version = find_version(documents, shown.organization, shown.segment, None)
    at = milliseconds(moment)
    found = matching(documents, shown.organization, version.resolved, config.zone_info(), at)
    return [person for person, _ in found]
