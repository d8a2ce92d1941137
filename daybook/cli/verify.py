"""`daybook verify`: recounts a group's documents from the log and compares them."""

import json
from typing import Annotated, Any

import typer
from bson import Int64

from daybook.cli.support.date_options import DateOption, FromOption, ToOption, days
from daybook.cli.support.printing import console, number_of, print_line, table
from daybook.cli.support.recount_options import (
    SHOWN_MAX,
    GroupName,
    JsonOption,
    print_doubts,
    recount_and_exit,
)
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
        bool, typer.Option("--all", help="Compare every day, and every key's state document.")
    ] = False,
    as_object: JsonOption = False,
) -> None:
    """Recount a group's documents from the log and compare them field by field.

    The recount is a second implementation of the rules, in SQL, that shares no code with the
    group. The group may run meanwhile. State documents, such as those of orders, are compared
    only with --all.

    Exit 0: equal. 1: at least one difference; each is printed with the stored and the recounted
    value. 3: no difference, but something cannot be recounted: the log is gone, or a field is
    not backfilled. 4: a server does not answer.

    Examples: `daybook verify revenue --all` · `daybook verify order-funnel --date 2026-11-20`
    """
    selected = days(date, from_, to, every)
    recount_and_exit(verify_group, group, selected, None if as_object else _print)


def _print(report: Report) -> None:
    for gap in report.gaps:
        print_line(f"gap accepted, never counted: {gap}")
    if report.excluded:
        listed = "; ".join(report.excluded[:SHOWN_MAX])
        print_line(
            f"excluded, never counted: {number_of(len(report.excluded), 'message')}: {listed}"
        )
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
        print_line(f"… and {hidden:,} more differences; --json prints all")
    if report.documents or not report.doubts:
        print_line(summary(report))


def value(stored: Any) -> str:
    """A value for the table. Types stay visible, so that 5, "5", 5.0 and an int32 5 differ."""
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
    """The numbers of equal documents, of messages read, and of seconds taken."""
    recounted = f"recounted from {number_of(report.messages, 'message')} in {report.seconds:.1f} s"
    kinds = [
        (report.documents_equal, report.documents, "document", "documents"),
        (report.states_equal, report.states, "state", "states"),
        (report.sketches_equal, report.sketches, "sketch", "sketches"),
    ]
    present = [kind for kind in kinds if kind[1]]
    if not present:
        return f"{report.group}: nothing stored or in the log for these days; {recounted}"
    if all(equal == total for equal, total, *_ in present):
        counts = " and ".join(number_of(total, *names) for _, total, *names in present)
    else:
        counts = " and ".join(
            f"{equal:,} of {total:,} {plural}" for equal, total, _, plural in present
        )
    return f"{report.group}: {counts} equal, {recounted}"
