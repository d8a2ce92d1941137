"""`daybook dlq`: what could not be counted, and sending it again."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

import consumers
from daybook.cli.support.dead_letter_choice import choose, named, part
from daybook.cli.support.printing import (
    as_json,
    console,
    moment,
    number_of,
    print_line,
    print_warning,
    printable,
    table,
)
from daybook.engine.errors import DaybookError
from daybook.engine.kafka.clients import admin
from daybook.engine.mongo.client import database
from daybook.engine.operations.dead_letter_messages import dead_letter_messages
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, DeadLetterRecords
from daybook.engine.operations.dead_letter_replay import Replay, Replayed
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.settings import settings
from schemas.catalogue import source

dlq = typer.Typer(
    no_args_is_help=True,
    help="Dead letters of a topic: the messages that could not be counted, and why.",
)

SHOWN_MAX = 50
BYTES_SHOWN_MAX = 10_000
WRONG_CHARS_MAX = 100


def _cluster_name(topic: str) -> str:
    """Of a topic of topics.yaml. Raises Unknown."""
    return source(topic).topic


Topic = Annotated[
    str, typer.Argument(callback=_cluster_name, help="The source topic: sc.domain.order")
]
Id = Annotated[
    str, typer.Argument(help="PARTITION:OFFSET as `dlq list` prints it, or a full id of --json")
]
Group = Annotated[
    str | None, typer.Option("--group", help="Only what this group could not count: revenue")
]


@dlq.command("list")
def list_(
    topic: Topic,
    group: Group = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print all of them as a JSON array on stdout.")
    ] = False,
) -> None:
    """List dead letters, the newest last: where each stands, whose it is, what was wrong.

    Nothing of what a message contains is printed. Each group that could not count a message has a
    dead letter of its own.
    """
    found = list(_letters(topic).find(group=_full(group)))
    if json:
        print(as_json([asdict(letter) for letter in found]))
        return
    if not found:
        print_line(f"no dead letters of {topic}")
        return
    rows = [_row(letter) for letter in found[-SHOWN_MAX:]]
    headings = ("id", "group", "since", "replayed", "what is wrong")
    console().print(table(headings, rows))
    print_line(summary(found))


@dlq.command()
def show(topic: Topic, id: Id, group: Group = None) -> None:
    """Show a dead letter with its message as it came, read from the dead-letter topic.

    What is no text is printed as escapes, and of a long message only the beginning.
    """
    own = settings()
    chosen = named(list(_letters(topic).find(group=_full(group))), id)
    for found in dead_letter_messages(own, admin(own), chosen[:1]):
        for letter in chosen:
            print_line("\n".join(_lines(letter)))
        print_line(f"key       {_text(found.key)}")
        print_line(f"value     {_text(found.value)}")
        return
    raise DaybookError(
        f"{id}: its message is neither in {topic}.dlq nor in {topic} any more: "
        f"{chosen[0].reason}: {chosen[0].detail}"
    )


@dlq.command()
def replay(
    topic: Topic,
    ids: Annotated[
        list[str] | None, typer.Argument(help="PARTITION:OFFSET of each, as `dlq list` prints it")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that were not replayed.")] = False,
    reason: Annotated[
        str | None, typer.Option("--reason", help="All of this reason that were not replayed.")
    ] = None,
    group: Group = None,
) -> None:
    """Send dead letters to their source partition again, once what was wrong is mended.

    The group that could not count a message gets it again, and no other. It counts it at its new
    place in the log, or makes a dead letter of it anew. Each dead letter is replayed once and
    never again; a replay that dies half-way is said again, and goes on where it was.

    Exit 0: done. 1: one was replayed already, or its message is lost. 4: a server does not answer.

    Examples: `daybook dlq replay sc.domain.order 3:1042` ·
    `daybook dlq replay sc.domain.order --reason wrong_key --group revenue`
    """
    if bool(ids) + every + bool(reason) != 1:
        raise typer.BadParameter("say which: ids, --all, or --reason REASON")
    own = settings()
    letters = _letters(topic)
    found = list(letters.find(group=_full(group)))
    chosen = choose(topic, found, ids or [], reason)
    if not chosen:
        print_line(f"nothing of {topic} waits to be replayed")
        return
    client, documents = admin(own), database(own)
    fleet = find_fleet(documents, client)
    chosen, moved = part(chosen, documents)
    bar = Console(stderr=True)
    with Progress(console=bar, disable=not bar.is_terminal, transient=True) as progress:
        task = progress.add_task(f"replaying into {topic}", total=len(chosen))
        outcome = Replay(own, client, letters, str(fleet), topic).run(
            chosen, lambda done: progress.update(task, completed=done)
        )
    _print_outcome(topic, chosen, moved, outcome)


def summary(found: list[DeadLetterRecord]) -> str:
    """How many there are, how many wait, and why."""
    waiting = Counter(one.reason for one in found if one.replayed != "replayed")
    reasons = ", ".join(f"{reason} {times:,}" for reason, times in waiting.most_common())
    hidden = len(found) - SHOWN_MAX
    more = f" ({hidden:,} older ones are not shown; --json has all)" if hidden > 0 else ""
    told = f": {reasons}" if reasons else ""
    return f"{number_of(len(found), 'dead letter')}{more}, {waiting.total():,} not replayed{told}"


def _letters(topic: str) -> DeadLetterRecords:
    return DeadLetterRecords(database(settings()), topic)


def _full(group: str | None) -> str | None:
    return consumers.find(group).name if group else None


def _row(letter: DeadLetterRecord) -> tuple[str, ...]:
    group = letter.group.removeprefix(consumers.PREFIX)
    state = moment(letter.replayed_at) or letter.replayed or "no"
    wrong = f"{letter.reason}: {letter.detail}"
    short = wrong if len(wrong) <= WRONG_CHARS_MAX else wrong[:WRONG_CHARS_MAX] + "…"
    return letter.position, group, moment(letter.at), state, short


def _lines(letter: DeadLetterRecord) -> list[str]:
    return [
        f"id        {letter.id}",
        f"group     {letter.group}",
        f"reason    {letter.reason}",
        f"detail    {printable(letter.detail)}",
        f"since     {moment(letter.at)}",
        f"replayed  {moment(letter.replayed_at) or letter.replayed or 'no'}",
        "",
    ]


def _text(raw: bytes | None) -> str:
    if raw is None:
        return "(none)"
    text = printable(raw[:BYTES_SHOWN_MAX].decode(errors="backslashreplace"))
    rest = len(raw) - BYTES_SHOWN_MAX
    return f"{text} … and {rest:,} bytes more" if rest > 0 else text


def _print_outcome(
    topic: str, chosen: list[DeadLetterRecord], moved: list[DeadLetterRecord], outcome: Replayed
) -> None:
    groups = ", ".join(sorted({one.group for one in chosen}))
    if outcome.sent:
        print_line(f"{outcome.sent:,} sent to {topic} again, for {groups} to count")
    if outcome.found:
        print_line(f"{outcome.found:,} had been sent by a replay that died: marked, not sent again")
    taken = len(chosen) - outcome.sent - outcome.found - len(outcome.lost)
    if taken:
        print_warning(f"{taken:,} were taken by another replay meanwhile")
    problems = []
    if outcome.lost:
        problems.append(
            f"{len(outcome.lost):,} cannot be sent, since neither {topic}.dlq nor {topic} holds "
            f"their messages any more: {_positions(outcome.lost)}"
        )
    if moved:
        problems.append(
            f"{len(moved):,} cannot be sent: partitions were added to {topic} after they came, so "
            "their keys may live in others now, and a group with state counts a key in one only: "
            f"{_positions(moved)}"
        )
    if problems:
        raise DaybookError("; ".join(problems))


def _positions(letters: list[DeadLetterRecord]) -> str:
    return ", ".join(one.position for one in letters[:SHOWN_MAX])
