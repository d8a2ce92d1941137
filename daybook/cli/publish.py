"""`daybook publish`: events from a file to their topic."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic, time
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from daybook.cli.support.checked_file import Checked, check_lines, keyed_lines
from daybook.cli.support.interrupt import interruptible
from daybook.cli.support.line_check import LineCheck, raw_key
from daybook.cli.support.lines import fingerprint, lines, opened, size
from daybook.cli.support.printing import number_of, print_line, print_warning
from daybook.engine.documents.calendar import Calendar
from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.admin import partition_counts
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.clients import MESSAGE_BYTES_MAX, admin, producer
from daybook.engine.settings import Settings, settings
from schemas.catalogue import source, topic_of

_WORTH_A_RATE = 1_000

Report = Callable[[int], None]
"""Told how many bytes are read."""

Bars = Callable[[str, BinaryIO], Report]
"""A bar for reading a file once."""


class Interrupted(DaybookError):
    """Somebody wanted no more of it."""

    exit_code = 130


def publish(
    topic: Annotated[str, typer.Argument(help="sc.domain.order, or another of topics.yaml")],
    file: Annotated[str, typer.Argument(help="One JSON event a line; - is stdin.")],
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Check nothing: send each line's bytes as they stand, with a key where one can "
            "be read. What cannot be counted becomes a dead letter.",
        ),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Send the good lines although there are bad ones.")
    ] = False,
) -> None:
    """Send events to a topic, one JSON event a line.

    Every line is checked before anything is sent: that it is an event of the topic, and that the
    groups will count it. Bad ones are named with their numbers, and nothing is sent. Blank lines
    are skipped. Each message gets the key that topics.yaml says.

    An event published twice counts once, if not more than DAYBOOK_DUPLICATE_WINDOW messages came
    in between.

    Exit 0: all is in the log. 1: bad lines. 4: Kafka does not answer, or did not take everything;
    then the message says how many it took.

    Example: `daybook publish sc.domain.order orders.ndjson`
    """
    if raw and skip_bad:
        raise typer.BadParameter("--raw sends every line as it is, so there is none to skip")
    own, field, topic = settings(), key_field(topic), source(topic).topic
    with opened(file, rewindable=not raw) as data, _bars() as bars:
        if not partition_counts(admin(own), [topic]):
            raise DaybookError(f"no topic {topic} on the cluster: run `daybook topics apply`")
        if raw:
            read = lines(data, bars("sending", data))
            _send(own, topic, ((line, raw_key(line, field)) for _, line in read))
        else:
            _publish_checked(own, topic, data, bars, skip_bad=skip_bad)


def key_field(topic: str) -> str:
    """The field of `data` that is the key of the topic's messages. Raises DaybookError."""
    return str(topic_of(topic).key).removeprefix("data.")


def _publish_checked(
    own: Settings, topic: str, data: BinaryIO, bars: Bars, *, skip_bad: bool
) -> None:
    check = LineCheck(source(topic), Calendar(own.zone_info()), int(time() * 1000))
    before = fingerprint(data)
    with tempfile.TemporaryFile() as keys:
        checked = check_lines(data, check, keys, bars("checking", data))
        _report_bad_lines(checked, skip_bad=skip_bad)
        data.seek(0)
        keys.seek(0)
        if fingerprint(data) != before:
            raise DaybookError("the file was written to while it was checked; nothing was sent")
        _send(own, topic, keyed_lines(data, keys, bars("sending", data)), checked.good)


def _report_bad_lines(checked: Checked, *, skip_bad: bool) -> None:
    """Names the bad lines. Raises DaybookError if they may not be skipped."""
    for sentence in checked.problems():
        print_warning(sentence)
    if not checked.bad:
        return
    found = f"{checked.bad:,} of {checked.good + checked.bad:,} lines cannot be counted"
    if not skip_bad:
        raise DaybookError(
            f"{found}; nothing was sent. Mend them, or send the others with --skip-bad"
        )
    print_warning(f"{found}; they are skipped")


def _send(
    own: Settings,
    topic: str,
    keyed: Iterable[tuple[bytes, bytes | None]],
    total: int | None = None,
) -> None:
    """Sends, and says what arrived. `total`: how many there are, where that is known."""
    began = monotonic()
    sender = BulkProducer(producer(own), topic)
    with interruptible(sender):
        for value, key in keyed:
            if len(value) > MESSAGE_BYTES_MAX:
                sender.refuse(f"a line is longer than {MESSAGE_BYTES_MAX:,} bytes")
            else:
                sender.send(value, key)
            if sender.broken:
                break
        sender.finish()
    if sender.why:
        missing = sender.failed if total is None else total - sender.delivered
        again = (
            ". Publish the file again: what has arrived is recognised by its event_id, if not "
            f"more than {own.duplicate_window:,} messages came in between"
        )
        kind = Interrupted if sender.interrupted else Unavailable
        raise kind(
            f"{number_of(sender.delivered, 'message')} reached {topic}, {missing:,} did not: "
            f"{sender.why}" + (again if sender.broken else "")
        )
    seconds = monotonic() - began
    rate = f", {sender.sent / seconds:,.0f} a second" if sender.sent >= _WORTH_A_RATE else ""
    print_line(f"sent {number_of(sender.sent, 'message')} to {topic}{rate}")


@contextmanager
def _bars() -> Iterator[Bars]:
    """Progress on stderr, if that is a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:

        def bar(what: str, file: BinaryIO) -> Report:
            task = progress.add_task(what, total=size(file))
            return partial(_advance, progress, task)

        yield bar


def _advance(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)
