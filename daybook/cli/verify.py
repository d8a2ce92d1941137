"""`daybook verify`: every number once more, from the log."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from bson import Int64
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

import consumers
from daybook.cli.support.date_options import day
from daybook.cli.support.printing import as_json, console, number_of, say, table
from daybook.engine.errors import Unavailable
from daybook.engine.kafka import clients
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.recount.compare.documents import ABSENT
from daybook.recount.days import Days
from daybook.recount.verdict.report import Doubt, Report

if TYPE_CHECKING:
    from daybook.recount.groups import Group
    from daybook.recount.session import Progress as Tell

# What counts in DuckDB is imported where it is used: every other command does without.

SHOWN_MAX = 50
VALUE_CHARS_MAX = 60

GroupName = Annotated[str, typer.Argument(help="revenue, or sc-analytics-revenue")]
DateOption = Annotated[str | None, typer.Option("--date", help="One day: 2026-11-20")]
FromOption = Annotated[str | None, typer.Option("--from", help="The first day of several")]
ToOption = Annotated[str | None, typer.Option("--to", help="The last day of several")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


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
    from daybook.recount.verify import verify_group

    chosen = days(date, from_, to, every)
    own = settings()
    with recounting(group) as (found, tell):
        report = verify_group(clients.common(own), database(own), found, chosen, tell)
    if as_object:
        print(as_json(report.as_json()))
    else:
        _print(report)
    raise typer.Exit(report.exit_code)


def days(date: str | None, first: str | None, last: str | None, every: bool) -> Days:
    """The days that the options name. Raises BadParameter when they name none, or two kinds."""
    ranged = first is not None or last is not None
    if (date is not None) + ranged + every != 1:
        raise typer.BadParameter("say which days: --date, or --from and --to, or --all")
    if every:
        return Days()
    chosen = Days(_day(date or first), _day(date or last))
    if chosen.first and chosen.last and chosen.first > chosen.last:
        raise typer.BadParameter(f"--from {first} is after --to {last}")
    return chosen


def _day(text: str | None) -> str | None:
    return None if text is None else day(text).isoformat()


@contextmanager
def recounting(name: str) -> Iterator[tuple["Group", "Tell"]]:
    """The group's recount, and a bar on a terminal. Raises Unknown and Unavailable."""
    from daybook.recount.errors import Unreachable
    from daybook.recount.groups import find

    group = find(consumers.find(name).name)
    own = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, console=own, disable=not own.is_terminal, transient=True) as bar:
        task = bar.add_task(group.name, total=None)

        def tell(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        try:
            yield group, tell
        except Unreachable as error:
            raise Unavailable(str(error)) from error


def _print(report: Report) -> None:
    for gap in report.gaps:
        say(f"gap accepted, never counted: {gap}")
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
        say(f"… and {hidden:,} differences more; --json has all")
    if report.documents or not report.doubts:
        say(summary(report))


def print_doubts(doubts: list[Doubt]) -> None:
    """Why something cannot be recounted, the first of them."""
    for doubt in doubts[:SHOWN_MAX]:
        where = " ".join(filter(None, (doubt.collection, doubt.document, doubt.field)))
        say(f"cannot be recounted: {where + ': ' if where else ''}{doubt.reason}")
    if len(doubts) > SHOWN_MAX:
        say(f"… and {len(doubts) - SHOWN_MAX:,} more that cannot be recounted; --json has all")


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
