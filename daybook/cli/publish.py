"""`daybook publish`: checks the events of a file and sends them to a topic."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from time import monotonic, time
from typing import Annotated, BinaryIO

import typer
from rich.progress import DownloadColumn, Progress, TaskID

from daybook.cli.support.checked_file import Checked, check_lines, keyed_lines
from daybook.cli.support.interrupt import interruptible
from daybook.cli.support.line_check import LineCheck, raw_key
from daybook.cli.support.lines import fingerprint, lines, opened, size
from daybook.cli.support.printing import number_of, print_line, print_warning
from daybook.cli.support.progress_bars import progress_bars
from daybook.engine.documents.calendar import Calendar
from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.admin import partition_counts
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.clients import MESSAGE_BYTES_MAX, admin, producer
from daybook.engine.settings import Settings, settings
from schemas.catalogue import source, topic_of

_RATE_MESSAGES_MIN = 1_000
"""Fewer messages make no meaningful rate."""

Report = Callable[[int], None]
"""Called with the number of bytes read so far."""

Bars = Callable[[str, BinaryIO], Report]
"""Adds a progress bar, with this description, for reading a file once."""


class Interrupted(DaybookError):
    """The user stopped the command by Ctrl-C or SIGTERM."""

    exit_code = 130


def publish(
    topic: Annotated[
        str, typer.Argument(help="A topic of topics.yaml, for example sc.domain.order.")
    ],
    file: Annotated[str, typer.Argument(help="A file with one JSON event per line; - is stdin.")],
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Send each line unchecked, byte for byte, with its key if it has a readable one. "
            "Events that cannot be counted become dead letters.",
        ),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Skip bad lines and send the good ones.")
    ] = False,
) -> None:
    """Send events from a file to a topic, after checking every line.

    A line must be a JSON event of the topic that the groups will count. If a line is bad, the
    command prints its number and the error, and sends nothing. Blank lines are skipped, and
    so is a byte-order mark at the start. The message key is the field that topics.yaml names.

    An event published twice is counted once, if at most DAYBOOK_DUPLICATE_WINDOW messages lie
    between the two.

    Exit 0: the log holds all messages. 1: bad lines. 4: Kafka does not answer, or accepted only
    some of the messages; the error says how many. 130: interrupted.

    Example: `daybook publish sc.domain.order orders.ndjson`
    """
    if raw and skip_bad:
        raise typer.BadParameter("--raw checks no line, so --skip-bad has none to skip")
    config, field, topic = settings(), key_field(topic), source(topic).topic
    with opened(file, rewindable=not raw) as data, _bars() as bars:
        if not partition_counts(admin(config), [topic]):
            raise DaybookError(f"no topic {topic} on the cluster: run `daybook topics apply`")
        if raw:
            numbered = lines(data, bars("sending", data))
            _send(config, topic, ((line, raw_key(line, field)) for _, line in numbered))
        else:
            _publish_checked(config, topic, data, bars, skip_bad=skip_bad)


def key_field(topic: str) -> str:
    """The name of the `data` field that is the topic's message key. Raises DaybookError."""
    return str(topic_of(topic).key).removeprefix("data.")


def _publish_checked(
    config: Settings, topic: str, data: BinaryIO, bars: Bars, *, skip_bad: bool
) -> None:
    check = LineCheck(source(topic), Calendar(config.zone_info()), int(time() * 1000))
    before = fingerprint(data)
    with tempfile.TemporaryFile() as keys:
        checked = check_lines(data, check, keys, bars("checking", data))
        _report_bad_lines(checked, skip_bad=skip_bad)
        data.seek(0)
        keys.seek(0)
        if fingerprint(data) != before:
            raise DaybookError("the file changed while it was checked; nothing was sent")
        _send(config, topic, keyed_lines(data, keys, bars("sending", data)), checked.good)


def _report_bad_lines(checked: Checked, *, skip_bad: bool) -> None:
    """Prints the bad lines. Raises DaybookError if they may not be skipped."""
    for problem in checked.problems():
        print_warning(problem)
    if not checked.bad:
        return
    counts = f"{checked.bad:,} of {checked.good + checked.bad:,} lines cannot be counted"
    if not skip_bad:
        raise DaybookError(
            f"{counts}; nothing was sent. Correct them, or send only the good ones with --skip-bad"
        )
    print_warning(f"{counts}; they are skipped")


def _send(
    config: Settings,
    topic: str,
    keyed: Iterable[tuple[bytes, bytes | None]],
    total: int | None = None,
) -> None:
    """Sends values with their keys, and prints how many arrived. `total`: their number, if known.

    Raises Unavailable or Interrupted if not all of them arrived.
    """
    began = monotonic()
    bulk = BulkProducer(producer(config), topic)
    with interruptible(bulk):
        for value, key in keyed:
            if len(value) > MESSAGE_BYTES_MAX:
                bulk.refuse(f"a line is longer than {MESSAGE_BYTES_MAX:,} bytes")
            else:
                bulk.send(value, key)
            if bulk.broken:
                break
        bulk.finish()
    if bulk.why:
        missing = bulk.failed if total is None else total - bulk.delivered
        advice = (
            ". Publish the file again: events that arrived are recognised by their event_id, if at "
            f"most {config.duplicate_window:,} messages came in between"
        )
        error = Interrupted if bulk.interrupted else Unavailable
        raise error(
            f"{number_of(bulk.delivered, 'message')} reached {topic}, {missing:,} did not: "
            f"{bulk.why}" + (advice if bulk.broken else "")
        )
    seconds = monotonic() - began
    rate = f", {bulk.sent / seconds:,.0f} per second" if bulk.sent >= _RATE_MESSAGES_MIN else ""
    print_line(f"sent {number_of(bulk.sent, 'message')} to {topic}{rate}")


@contextmanager
def _bars() -> Iterator[Bars]:
    with progress_bars(DownloadColumn()) as progress:

        def add_bar(description: str, file: BinaryIO) -> Report:
            task = progress.add_task(description, total=size(file))
            return partial(_advance, progress, task)

        yield add_bar


def _advance(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)
