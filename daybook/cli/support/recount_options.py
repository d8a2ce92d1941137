"""What `verify` and `rebuild` share: options, a progress bar, printing what is not recountable."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any, NoReturn, Protocol, TypeVar

import typer
from rich.progress import MofNCompleteColumn

import consumers
from daybook.cli.support.printing import as_json, print_line
from daybook.cli.support.progress_bars import progress_bars
from daybook.engine.errors import Unavailable
from daybook.engine.group import Group as CountedGroup
from daybook.engine.kafka import clients
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.recount.days import Days
from daybook.recount.errors import Unreachable
from daybook.recount.groups import Group, find
from daybook.recount.segment.group import SEGMENT, SegmentGroup
from daybook.recount.session import Progress as ReportProgress
from daybook.recount.verdict.report import Doubt

SHOWN_MAX = 50

GroupName = Annotated[str, typer.Argument(help="revenue, or sc-analytics-revenue")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


class _Result(Protocol):
    @property
    def exit_code(self) -> int: ...

    def as_json(self) -> Any: ...


R = TypeVar("R", bound=_Result)


@contextmanager
def recounting(name: str) -> Iterator[tuple[Group | SegmentGroup, ReportProgress]]:
    """The group's recount, and a function that updates a progress bar on a terminal.

    Raises Unknown and Unavailable.
    """
    group = recounted_group(consumers.find(name))
    with progress_bars(MofNCompleteColumn()) as bar:
        task = bar.add_task(group.name, total=None)

        def report(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase, completed=done, total=total or None)

        try:
            yield group, report
        except Unreachable as error:
            raise Unavailable(str(error)) from error


def recounted_group(counted: CountedGroup) -> Group | SegmentGroup:
    """The recount of a group. Topic names come from topics.yaml, which the recount does not
    read."""
    definitions = counted.definitions[0].topic if counted.definitions else None
    if counted.name == SEGMENT.name:
        assert definitions is not None and counted.feed is not None
        [changes] = counted.produces
        return SEGMENT.over(counted.name, counted.topics, definitions, counted.feed.topic, changes)
    return replace(find(counted.name), topic=counted.topics[0], definitions=definitions)


def recount_and_exit(
    work: Callable[..., R], name: str, selected: Days, show: Callable[[R], None] | None
) -> NoReturn:
    """Recounts a group for a command, prints what it came to, and exits with its exit code.

    `work` is `verify_group` or `rebuild_group`. Without `show`, the result is printed as JSON.
    Raises BadParameter, Unknown and Unavailable.
    """
    config = settings()
    with recounting(name) as (group, progress):
        if isinstance(group, SegmentGroup) and not selected.are_all:
            raise typer.BadParameter("segments have no days: use --all")
        result = work(
            clients.common(config),
            database(config),
            group,
            selected,
            progress,
            config.recount_memory_mib,
        )
    if show is None:
        print(as_json(result.as_json()))
    else:
        show(result)
    raise typer.Exit(result.exit_code)


def print_doubts(doubts: list[Doubt]) -> None:
    """Prints why something cannot be recounted, for the first doubts."""
    for doubt in doubts[:SHOWN_MAX]:
        where = " ".join(filter(None, (doubt.collection, doubt.document, doubt.field)))
        print_line(f"cannot be recounted: {where + ': ' if where else ''}{doubt.reason}")
    if len(doubts) > SHOWN_MAX:
        print_line(f"… and {len(doubts) - SHOWN_MAX:,} more; --json prints all")
