"""`daybook rebuild`: makes documents what the log says."""

from collections import Counter
from typing import Annotated

import typer

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
from daybook.recount.rebuild import Rebuilt, rebuild_group

FIELDS_SHOWN_MAX = 4


def rebuild(
    group: GroupName,
    date: DateOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every day, and the state of every key.")
    ] = False,
    as_object: JsonOption = False,
) -> None:
    """Make a group's documents what the log says, while the group runs.

    What a document should hold less what it holds is added to it in one update, so nothing that
    is counted meanwhile is lost. Lost documents come back, what somebody else put there goes,
    and a counter that was added to a model later is filled: with --all the group's documents
    count as complete for it from then on. Every member should run the new model by then.

    Exit 0: all is as the log says. 3: something cannot be recounted, and is left as it is.
    4: a server does not answer.

    Examples: `daybook rebuild revenue --date 2026-11-20` · `daybook rebuild order-funnel --all`
    """
    chosen = days(date, from_, to, every)
    own = settings()
    with recounting(group) as (found, tell):
        rebuilt = rebuild_group(clients.common(own), database(own), found, chosen, tell)
    if as_object:
        print(as_json(rebuilt.as_json()))
    else:
        _print(rebuilt)
    raise typer.Exit(rebuilt.exit_code)


def _print(rebuilt: Rebuilt) -> None:
    print_doubts(rebuilt.doubts)
    shown = rebuilt.changes[:SHOWN_MAX]
    if shown:
        rows = [(f"{c.collection} {c.document}", c.what, _fields(c.fields)) for c in shown]
        console().print(table(("document", "what", "fields"), rows))
    hidden = len(rebuilt.changes) - len(shown)
    if hidden:
        print_line(f"… and {hidden:,} changes more; --json has all")
    print_line(summary(rebuilt))


def _fields(names: tuple[str, ...]) -> str:
    more = len(names) - FIELDS_SHOWN_MAX
    return ", ".join(names[:FIELDS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def summary(rebuilt: Rebuilt) -> str:
    """What was done, from how much of the log, in what time."""
    done = Counter(change.what for change in rebuilt.changes)
    told = ", ".join(f"{times:,} {what}" for what, times in done.items()) or "nothing to change"
    return (
        f"{rebuilt.group}: {told}, recounted from {number_of(rebuilt.messages, 'message')} "
        f"in {rebuilt.seconds:.1f} s"
    )
