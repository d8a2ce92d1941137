"""`daybook rebuild`: repairs a group's documents from the log."""

from collections import Counter
from typing import Annotated

import typer

from daybook.cli.support.date_options import DateOption, FromOption, ToOption, days
from daybook.cli.support.printing import console, number_of, print_line, table
from daybook.cli.support.recount_options import (
    SHOWN_MAX,
    GroupName,
    JsonOption,
    print_doubts,
    recount_and_exit,
)
from daybook.recount.rebuild import Rebuilt, rebuild_group

FIELDS_SHOWN_MAX = 4


def rebuild(
    group: GroupName,
    date: DateOption = None,
    from_: FromOption = None,
    to: ToOption = None,
    every: Annotated[
        bool, typer.Option("--all", help="Rebuild every day, and every key's state document.")
    ] = False,
    as_object: JsonOption = False,
) -> None:
    """Repair a group's documents: recount them from the log, and correct those that differ.

    The group may run meanwhile: each document gets its difference in one update, so events that
    are counted at the same time are kept. Missing documents are restored and foreign fields
    removed. Counters added to a model later are backfilled; with --all, the group's documents are
    complete for them from then on. Start every member on the new model first.

    Exit 0: the documents equal the log. 3: something cannot be recounted and is unchanged.
    4: a server does not answer.

    Examples: `daybook rebuild revenue --date 2026-11-20` · `daybook rebuild order-funnel --all`
    """
    selected = days(date, from_, to, every)
    recount_and_exit(rebuild_group, group, selected, None if as_object else _print)


def _print(rebuilt: Rebuilt) -> None:
    print_doubts(rebuilt.doubts)
    shown = rebuilt.changes[:SHOWN_MAX]
    if shown:
        rows = [(f"{c.collection} {c.document}", c.what, _fields(c.fields)) for c in shown]
        console().print(table(("document", "change", "fields"), rows))
    hidden = len(rebuilt.changes) - len(shown)
    if hidden:
        print_line(f"… and {hidden:,} more changes; --json prints all")
    print_line(summary(rebuilt))


def _fields(names: tuple[str, ...]) -> str:
    more = len(names) - FIELDS_SHOWN_MAX
    return ", ".join(names[:FIELDS_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def summary(rebuilt: Rebuilt) -> str:
    """The number of changes of each kind, of messages read, and of seconds taken."""
    kinds = Counter(change.what for change in rebuilt.changes)
    changes = ", ".join(f"{times:,} {kind}" for kind, times in kinds.items()) or "nothing to change"
    return (
        f"{rebuilt.group}: {changes}, recounted from {number_of(rebuilt.messages, 'message')} "
        f"in {rebuilt.seconds:.1f} s"
    )
