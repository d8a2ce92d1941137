"""`daybook verify`: every number once more, from the log."""

import json
from typing import Annotated, Any

import typer
from bson import Int64

from daybook.cli.support.date_options import DateOption, FromOption, ToOption, days
from daybook.cli.support.printing import as_json, console, number_of, print_line, table
from daybook.cli.support.recount_options import (
    SHOWN_MAX,
    GroupName,
    JsonOption,
    print_doubts,
    recounting,
)
from daybook.engine.kafka import clients
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.recount.compare.documents import ABSENT
from daybook.recount.verdict.report import Report
from daybook.recount.verify import verify_group

VALUE_CHARS_MAX = 60


def verify(
    group: GroupName,
    date: DateOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every day, and the state of every key.")
    ] = False,
    as_object: JsonOption = False,
) -> None:
    """Recount a group's documents from the log, and compare them field by field.

    The rules are written a second time, in SQL, and share no code with the group. Right while
    the group runs. State documents, such as those of the orders, are compared with --all only.

    Exit 0: equal. 1: a difference; each is named with what is stored and what the log says.
    3: cannot be recounted, since the log is gone or a field is not backfilled (a difference wins
    over it). 4: a server does not answer.

    Examples: `daybook verify revenue --all` · `daybook verify order-funnel --date 2026-11-20`
    """
    chosen = days(date, from_, to, every)
    own = settings()
    with recounting(group) as (found, tell):
        report = verify_group(clients.common(own), database(own), found, chosen, tell)
    if as_object:
        print(as_json(report.as_json()))
    else:
        _print(report)
    raise typer.Exit(report.exit_code)


def _print(report: Report) -> None:
    for gap in report.gaps:
        print_line(f"gap accepted, never counted: {gap}")
    print_doubts(report.doubts)
    shown = report.differences[:SHOWN_MAX]
    if shown:
        rows = [
            (f"{d.collection} {d.document}", d.field, value(d.stored), value(d.recounted))
            for d in shown
        ]
        console().print(table(("document", "field", "stored", "recounted"), rows))
    hidden = len(report.differences) - len(shown)
    if hidden:
        print_line(f"… and {hidden:,} differences more; --json has all")
    if report.documents or not report.doubts:
        print_line(summary(report))


def value(stored: Any) -> str:
    """A value with its type, where that is not what it should be: 5 is no "5" and no 5.0."""
    if stored is ABSENT:
        return "absent"
    if isinstance(stored, Int64) or stored is None or isinstance(stored, bool):
        text = json.dumps(stored)
    elif isinstance(stored, int):
        text = f"{stored} (int32)"
    else:
        text = json.dumps(stored, default=str, ensure_ascii=False)
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + "…"


def summary(report: Report) -> str:
    """How much is equal, from how much of the log, in what time."""
    recounted = f"recounted from {number_of(report.messages, 'message')} in {report.seconds:.1f} s"
    kinds = [
        (report.documents_equal, report.documents, "document", "documents"),
        (report.states_equal, report.states, "state", "states"),
        (report.sketches_equal, report.sketches, "sketch", "sketches"),
    ]
    there = [kind for kind in kinds if kind[1]]
    if not there:
        return f"{report.group}: nothing of the days asked for, stored or in the log; {recounted}"
    if all(equal == total for equal, total, *_ in there):
        counted = " and ".join(number_of(total, *names) for _, total, *names in there)
    else:
        counted = " and ".join(f"{e:,} of {total:,} {several}" for e, total, _, several in there)
    return f"{report.group}: {counted} equal, {recounted}"
