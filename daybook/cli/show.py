"""`daybook show`: prints a group's daily documents as a table."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from datetime import date as Date
from typing import Annotated, Any

import typer
from rich.cells import cell_len

import consumers
from daybook.cli.support.date_options import day
from daybook.cli.support.day_rows import day_rows, headings, maps
from daybook.cli.support.printing import as_json, console, print_line, table
from daybook.engine.documents.fields import DailyDocument
from daybook.engine.errors import Unknown
from daybook.engine.mongo.client import Documents, database, reachable
from daybook.engine.settings import settings

DAYS = 14
KEYS_SHOWN_MAX = 20
GUTTER = 2

Stored = dict[str, Any]


def show(
    group: Annotated[str, typer.Argument(help="revenue, or sc-analytics-revenue")],
    date: Annotated[
        Date | None,
        typer.Option(parser=day, metavar="YYYY-MM-DD", help="Show one day, with its maps."),
    ] = None,
    from_: Annotated[
        Date | None,
        typer.Option("--from", parser=day, metavar="YYYY-MM-DD", help="First day."),
    ] = None,
    to: Annotated[
        Date | None,
        typer.Option("--to", parser=day, metavar="YYYY-MM-DD", help="Last day."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the documents as stored, as a JSON array.")
    ] = False,
) -> None:
    """Show what a group has counted, one line per day; by default the last 14 days with data.

    Rates are percentages, or - if nothing was counted to divide by. Money is in major units, one
    line per currency and day. --date also shows the day's maps (such as revenue by community),
    each with its 20 largest keys. Hours appear only in --json.

    Examples: `daybook show revenue` · `daybook show order-funnel --from 2026-11-01 --to
    2026-11-20`
    """
    target = consumers.find(group)
    if not target.documents:
        raise Unknown(f"{target.name} counts no days: see `daybook segments`")
    if date and (from_ or to):
        raise typer.BadParameter("use either --date, or --from and --to")
    if from_ and to and to < from_:
        raise typer.BadParameter("--to is before --from")
    documents = database(settings())
    stored = [
        (model, list(_read(documents, model, date or from_, date or to)))
        for model in target.documents
    ]
    if json:
        print(as_json([document for _, daily in stored for document in daily]))
        return
    if not any(daily for _, daily in stored):
        days = " for these days" if date or from_ or to else ""
        print_line(
            f"{target.name} has no documents{days}; count the log with `daybook run {group}`"
        )
        return
    for model, daily in stored:
        _print(model, daily)
        if date:
            _print_maps(model, daily)


def _read(
    documents: Documents, model: type[DailyDocument], first: Date | None, last: Date | None
) -> Iterator[Stored]:
    """The documents from the first to the last day, both inclusive, oldest first."""
    collection = documents[model.collection]
    with reachable():
        if first is None and last is None:
            days = collection.aggregate(
                [{"$group": {"_id": "$date"}}, {"$sort": {"_id": -1}}, {"$limit": DAYS}]
            )
            first = min((row["_id"].date() for row in days), default=None)
        limits = {
            "$gte": first and _midnight(first),
            "$lt": last and _midnight(last) + timedelta(days=1),
        }
        query = {"date": {name: limit for name, limit in limits.items() if limit}}
        yield from collection.find(query if query["date"] else {}).sort([("date", 1), ("_id", 1)])


def _midnight(day: Date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _print(model: type[DailyDocument], documents: list[Stored]) -> None:
    """Columns that do not fit the terminal's width go below, with the days repeated."""
    if not documents:
        return
    fixed, names = headings(model)
    columns = [*fixed, *names]
    rows = [row for document in documents for row in day_rows(model, document)]
    widths = [
        max(_longest_word(name), *(cell_len(row[index]) for row in rows))
        for index, name in enumerate(columns)
    ]
    out = console()
    for block in blocks(len(fixed), widths, out.width):
        indices = [*range(len(fixed)), *block]
        out.print(
            table(
                [columns[i] for i in indices],
                [[row[i] for i in indices] for row in rows],
                [widths[i] for i in indices] if out.is_terminal else None,
            )
        )
        out.print()


def blocks(fixed: int, widths: list[int], width: int) -> Iterator[list[int]]:
    """Indices of the columns after the first `fixed` ones, in blocks that fit beside those."""
    room = width - sum(widths[:fixed]) - fixed * GUTTER
    block: list[int] = []
    used = 0
    for index in range(fixed, len(widths)):
        needed = widths[index] + GUTTER
        if block and used + needed > room + GUTTER:
            yield block
            block, used = [], 0
        block.append(index)
        used += needed
    yield block


def _longest_word(heading: str) -> int:
    """The minimum width of a heading, which may wrap between its words."""
    return max(map(len, heading.split()))


def _print_maps(model: type[DailyDocument], documents: list[Stored]) -> None:
    for document in documents:
        for name, amounts in maps(model, document):
            console().print(table((name, "amount"), amounts[:KEYS_SHOWN_MAX]))
            hidden = len(amounts) - KEYS_SHOWN_MAX
            print_line(f"and {hidden:,} more keys; --json prints all\n" if hidden > 0 else "")
