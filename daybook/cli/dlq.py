"""`daybook dlq`: lists, shows, replays and makes the dead letters of a topic."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

import consumers
from daybook.cli.support.dead_letter_choice import find_by_id, select, split_at_boundary
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
from daybook.engine.operations.dead_letter_exclude import exclude as exclude_message
from daybook.engine.operations.dead_letter_messages import dead_letter_messages
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, DeadLetterRecords
from daybook.engine.operations.dead_letter_replay import Replay, Replayed
from daybook.engine.protocol.fleet import find_fleet
from daybook.engine.protocol.stored_message import TRUNCATED
from daybook.engine.settings import settings
from daybook.exports.group import GROUP as EXPORTS
from schemas.catalogue import source

dlq = typer.Typer(
    no_args_is_help=True,
    help="List, show and replay dead letters: the messages that a group could not count. "
    "Exclude a message at which a group stops.",
)

SHOWN_MAX = 50
BYTES_SHOWN_MAX = 10_000
ERROR_CHARS_MAX = 100


def _cluster_name(topic: str) -> str:
    """The name in the cluster of a topic of topics.yaml. Raises Unknown."""
    return source(topic).topic


Topic = Annotated[
    str,
    typer.Argument(callback=_cluster_name, help="The source topic, for example sc.domain.order."),
]
Id = Annotated[
    str,
    typer.Argument(help="PARTITION:OFFSET from `dlq list`, or a full id from `dlq list --json`."),
]
Group = Annotated[
    str | None,
    typer.Option("--group", help="Only dead letters of this group, for example revenue."),
]


@dlq.command("list")
def list_(
    topic: Topic,
    group: Group = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print all dead letters as a JSON array on stdout.")
    ] = False,
) -> None:
    """List a topic's dead letters, newest last, with the group and the error of each.

    Shows the latest 50; --json prints all. Message contents are not printed. A message that
    several groups could not count has one dead letter for each of them. `cut`: the dead-letter
    topic has only the beginning of the message, because it is larger than that topic takes.

    Example: `daybook dlq list sc.domain.order --group revenue`
    """
    records = list(_records_of(topic).find(group=_group_name(group)))
    if json:
        print(as_json([asdict(record) for record in records]))
        return
    if not records:
        print_line(f"no dead letters of {topic}")
        return
    rows = [_row(record) for record in records[-SHOWN_MAX:]]
    headings = ("id", "group", "since", "replayed", "error")
    console().print(table(headings, rows))
    print_line(summary(records))


@dlq.command()
def show(topic: Topic, id: Id, group: Group = None) -> None:
    """Show one dead letter and its original message, read from the dead-letter topic.

    Bytes that are not printable text are shown as escapes. Of a long message, only the first
    10,000 bytes are shown. Of a message that was stored cut, length and digest are shown.

    Example: `daybook dlq show sc.domain.order 3:1042`
    """
    config = settings()
    selected = find_by_id(list(_records_of(topic).find(group=_group_name(group))), id)
    for message in dead_letter_messages(config, admin(config), selected[:1]):
        for record in selected:
            print_line("\n".join(_lines(record)))
        if message.cut:
            print_line(_cut_text(message.cut))
        print_line(f"key       {_text(message.key)}")
        print_line(f"value     {_text(message.value)}")
        return
    raise DaybookError(
        f"{id}: neither {topic}.dlq nor {topic} holds its message any more. It became a dead "
        f"letter because of {selected[0].reason}: {selected[0].detail}"
    )


@dlq.command()
def replay(
    topic: Topic,
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="PARTITION:OFFSET of each dead letter, from `dlq list`."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Replay all that have not been replayed yet.")
    ] = False,
    reason: Annotated[
        str | None,
        typer.Option("--reason", help="Replay all with this reason that have not been replayed."),
    ] = None,
    group: Group = None,
) -> None:
    """Send dead letters to their source partition again, after their cause is fixed.

    Only the group that could not count a message counts it again. If that fails once more, the
    message becomes a new dead letter. Each dead letter is replayed once. If a replay is
    interrupted, run the command again: it sends only what is left. A message of which only the
    beginning is left cannot be sent.

    Exit 0: done. 1: already replayed, or its message is lost. 4: a server does not answer.

    Examples: `daybook dlq replay sc.domain.order 3:1042` ·
    `daybook dlq replay sc.domain.order --reason wrong_key --group revenue`
    """
    if bool(ids) + every + bool(reason) != 1:
        raise typer.BadParameter("choose dead letters by one of: ids, --all, --reason REASON")
    config = settings()
    store = _records_of(topic)
    selected = select(topic, list(store.find(group=_group_name(group))), ids or [], reason)
    if not selected:
        print_line(f"no dead letter of {topic} waits to be replayed")
        return
    client, documents = admin(config), database(config)
    fleet = find_fleet(documents, client)
    selected, before_boundary = split_at_boundary(selected, documents)
    stderr = Console(stderr=True)
    with Progress(console=stderr, disable=not stderr.is_terminal, transient=True) as progress:
        task = progress.add_task(f"replaying into {topic}", total=len(selected))
        outcome = Replay(config, client, store, str(fleet), topic).run(
            selected, lambda done: progress.update(task, completed=done)
        )
    _print_outcome(topic, selected, before_boundary, outcome)


@dlq.command()
def exclude(
    topic: Topic,
    partition: Annotated[int, typer.Argument(min=0, help="The partition's number.")],
    offset: Annotated[int, typer.Argument(min=0, help="The message's offset.")],
    group: Group = None,
    never_counted: Annotated[
        bool,
        typer.Option(
            "--never-counted",
            help="Required: confirm that the group will never count this message.",
        ),
    ] = False,
) -> None:
    """Exclude one message that a group cannot get past, so that the group continues after it.

    For a group that stops because MongoDB refuses what a message would write: the error names
    topic, partition and offset. Stop the group's members, run this command, start them again.
    They copy the message to the dead-letter topic and count on. The exclusion is recorded for
    good: `dlq list` shows it with the reason `excluded`, and so does `daybook verify`. If the
    cause is mended later, `dlq replay` sends the message once more, and it counts.

    Refused for a message that the group has counted. A document may hold a part of the message,
    because the group stopped amid a batch: `daybook verify GROUP --all` tells, `daybook rebuild
    GROUP --all` removes it.

    Exit 0: excluded. 1: counted or a dead letter already, or members run. 4: a server does not
    answer.

    Example: `daybook dlq exclude sc.domain.order 3 1042 --group revenue --never-counted`
    """
    readers = [
        one
        for one in (*consumers.FLEET, EXPORTS)
        if topic in (source.topic for source in (*one.sources, *one.definitions))
    ]
    names = [one.name.removeprefix(consumers.PREFIX) for one in readers]
    chosen = [
        one for one, name in zip(readers, names, strict=True) if group in (None, one.name, name)
    ]
    if len(chosen) != 1:
        raise typer.BadParameter(f"--group is required, one of {', '.join(names)}")
    if not never_counted:
        raise typer.BadParameter("--never-counted is required: the message is lost to its group")
    config = settings()
    exclude_message(chosen[0], topic, partition, offset, admin(config), database(config))
    print_line(
        f"{topic}[{partition}] offset {offset}: {chosen[0].name} will not count it. Start its "
        "members, then run "
        f"`daybook verify {chosen[0].name.removeprefix(consumers.PREFIX)} --all`"
    )


def summary(records: list[DeadLetterRecord]) -> str:
    """How many dead letters there are, and how many of each reason wait for a replay."""
    waiting = Counter(record.reason for record in records if record.replayed != "replayed")
    reasons = ", ".join(f"{reason} {times:,}" for reason, times in waiting.most_common())
    hidden = len(records) - SHOWN_MAX
    more = f" ({hidden:,} older ones are not shown; --json prints all)" if hidden > 0 else ""
    by_reason = f": {reasons}" if reasons else ""
    total = number_of(len(records), "dead letter")
    return f"{total}{more}, {waiting.total():,} not replayed{by_reason}"


def _records_of(topic: str) -> DeadLetterRecords:
    return DeadLetterRecords(database(settings()), topic)


def _group_name(group: str | None) -> str | None:
    return consumers.find(group).name if group else None


def _row(record: DeadLetterRecord) -> tuple[str, ...]:
    group = record.group.removeprefix(consumers.PREFIX)
    state = moment(record.replayed_at) or record.replayed or "no"
    error = f"{'(cut) ' if record.cut else ''}{record.reason}: {record.detail}"
    short = error if len(error) <= ERROR_CHARS_MAX else error[:ERROR_CHARS_MAX] + "…"
    return record.position, group, moment(record.at), state, short


def _lines(record: DeadLetterRecord) -> list[str]:
    return [
        f"id        {record.id}",
        f"group     {record.group}",
        f"reason    {record.reason}",
        f"detail    {printable(record.detail)}",
        f"since     {moment(record.at)}",
        f"replayed  {moment(record.replayed_at) or record.replayed or 'no'}",
        "",
    ]


def _cut_text(headers: dict[str, str]) -> str:
    """What the headers of a message that was stored cut say about the whole one."""
    cut = printable(headers[TRUNCATED])
    return (
        f"cut       only the beginning is stored ({cut}); the value had "
        f"{headers.get('daybook-length')} bytes, SHA-256 {headers.get('daybook-digest')}; the key "
        f"had {headers.get('daybook-key-length')} bytes, SHA-256 "
        f"{headers.get('daybook-key-digest')}"
    )


def _text(raw: bytes | None) -> str:
    if raw is None:
        return "(none)"
    text = printable(raw[:BYTES_SHOWN_MAX].decode(errors="backslashreplace"))
    rest = len(raw) - BYTES_SHOWN_MAX
    return f"{text} … and {rest:,} more bytes" if rest > 0 else text


def _print_outcome(
    topic: str,
    selected: list[DeadLetterRecord],
    before_boundary: list[DeadLetterRecord],
    outcome: Replayed,
) -> None:
    groups = ", ".join(sorted({record.group for record in selected}))
    if outcome.sent:
        print_line(f"{outcome.sent:,} sent to {topic} again, for {groups} to count")
    if outcome.found:
        print_line(
            f"{outcome.found:,} already sent by an interrupted replay: marked, not sent again"
        )
    not_sent = len(outcome.lost) + len(outcome.too_large)
    concurrent = len(selected) - outcome.sent - outcome.found - not_sent
    if concurrent:
        print_warning(f"{concurrent:,} skipped: another replay took them meanwhile")
    problems = []
    if outcome.lost:
        problems.append(
            f"{len(outcome.lost):,} cannot be sent, because neither {topic}.dlq nor {topic} holds "
            f"their messages any more: {_positions(outcome.lost)}"
        )
    if outcome.too_large:
        problems.append(
            f"{len(outcome.too_large):,} cannot be sent, because only their beginning is stored, "
            f"or they are larger than {topic} takes: {_positions(outcome.too_large)}. Let the "
            "producer send what they meant again"
        )
    if before_boundary:
        problems.append(
            f"{len(before_boundary):,} cannot be sent, because partitions were added to {topic} "
            "after they came: their keys may belong to other partitions now, and a group with "
            f"state counts a key in one partition only: {_positions(before_boundary)}"
        )
    if problems:
        raise DaybookError("; ".join(problems))


def _positions(records: list[DeadLetterRecord]) -> str:
    return ", ".join(record.position for record in records[:SHOWN_MAX])
