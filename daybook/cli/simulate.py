"""`daybook simulate`: a storefront's traffic, with the known answer beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from daybook.cli.publish import Interrupted
from daybook.cli.support.date_options import day
from daybook.cli.support.interrupt import interruptible
from daybook.cli.support.printing import number_of, print_line
from daybook.cli.support.simulate_files import (
    ANSWER,
    check_writable,
    fresh,
    write_answer,
    write_topics,
)
from daybook.cli.support.simulate_publish import Progress as Told
from daybook.cli.support.simulate_publish import Publisher
from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.admin import partition_counts
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.clients import admin, producer
from daybook.engine.settings import Settings, settings
from daybook.simulate.answer.answer import Answer
from daybook.simulate.answer.entry import Entry
from daybook.simulate.message import TOPICS, TRACKING, Message
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront
from schemas.catalogue import topic_name

START = "2026-01-05"
"""Fixed, so that the same seed is the same traffic on any day. Read as if it had been typed."""

_SHOWN_EVERY = 500


def simulate(
    events: Annotated[int, typer.Option(min=1, help="Tracking events, duplicates included.")] = (
        10_000
    ),
    rate: Annotated[
        float | None, typer.Option(min=0.1, help="Tracking events a second; unset: all at once.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed is the same traffic.")] = 1,
    start: Annotated[
        date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="The first day, in UTC.")
    ] = START,  # type: ignore[assignment]
    days: Annotated[int, typer.Option(min=1, max=366, help="Over how many days.")] = 14,
    out: Annotated[
        Path | None, typer.Option(help="Write files into this directory, and send nothing.")
    ] = None,
    answer: Annotated[
        Path | None, typer.Option(help="Where the known answer goes, when events are sent.")
    ] = None,
) -> None:
    """Make a storefront's traffic: visitors, carts, orders, refunds, accounts, two experiments.

    Bots, duplicates, late events and wrong clocks included. Events of all topics belong together.
    They are sent to Kafka, or written to files with --out: one a topic, `parts.ndjson` with the
    order in which the files go together, and `answer.ndjson`.

    The answer is one line for each document of users, orders, revenue, funnels, steps, experiments
    and ticketed events: what it must hold when nothing else was counted, in the zone of
    DAYBOOK_ZONE and by the roles of DAYBOOK_LEADER_ROLES. Definitions hold from their place among
    the events on.

    Exit 0: all is in the log, or in the files. 4: Kafka does not answer, or did not take
    everything.

    Example: `daybook simulate --events 100000 --seed 7 --answer answer.ndjson`
    """
    plan = Plan(events, seed, start, days)
    _not_in_the_future(plan, datetime.now(UTC).date())
    if out is not None and (rate or answer):
        raise typer.BadParameter("--out writes files at once, the answer among them")
    if answer:
        check_writable(answer)
    own = settings()
    with Answer(own.zone_info(), own.leader_roles) as known:
        if out is not None:
            _write(plan, fresh(out), known)
        else:
            _publish(own, plan, rate, known if answer else None)
            if answer:
                _answer(known, answer)


def _not_in_the_future(plan: Plan, today: date) -> None:
    last = plan.start + timedelta(days=plan.days - 1)
    if last > today:
        raise DaybookError(
            f"the traffic would last until {last}, and events from the future are not counted: "
            "choose an earlier --start, or fewer --days"
        )


def _write(plan: Plan, directory: Path, known: Answer) -> None:
    with _bar("making events", plan) as told:
        written = write_topics(directory, _noted(storefront(plan), known, told))
    for topic in TOPICS:
        print_line(f"{directory / topic}.ndjson: {number_of(written[topic], 'event')}")
    _answer(known, directory / ANSWER)


def _publish(own: Settings, plan: Plan, rate: float | None, known: Answer | None) -> None:
    present = partition_counts(admin(own), list(map(topic_name, TOPICS)))
    for topic in TOPICS:
        if topic_name(topic) not in present:
            raise DaybookError(
                f"no topic {topic_name(topic)} on the cluster: run `daybook topics apply`"
            )
    senders = {topic: BulkProducer(producer(own), topic_name(topic)) for topic in TOPICS}
    with _bar("sending events", plan) as told:
        publisher = Publisher(senders, rate, told)
        with interruptible(publisher):
            publisher.publish(_noted(storefront(plan), known))
    delivered = sum(sender.delivered for sender in senders.values())
    if publisher.why:
        interrupted = any(sender.interrupted for sender in senders.values())
        kind = Interrupted if interrupted else Unavailable
        raise kind(
            f"{number_of(delivered, 'message')} reached Kafka, not all: {publisher.why}. The same "
            "command sends the same events again: what has arrived is recognised by its event_id, "
            f"if not more than {own.duplicate_window:,} messages came in between"
        )
    a_second = plan.events / (publisher.ended - publisher.began)
    tracked = number_of(plan.events, "tracking event")
    print_line(f"sent {number_of(delivered, 'message')} ({tracked}), {a_second:,.0f} a second")


def _noted(
    messages: Iterator[Message], known: Answer | None, told: Told | None = None
) -> Iterator[Message]:
    """The messages, each taken into the answer on its way."""
    tracked = 0
    for message in messages:
        if known:
            # One moment for all: the 35 days of the log's time do not pass while this runs.
            known.take(Entry(message.topic, message.event, appended_ms=0))
        if told and message.topic == TRACKING:
            tracked += 1
            told(tracked)
        yield message


def _answer(known: Answer, path: Path) -> None:
    console = Console(stderr=True)
    with console.status("working out the answer"):
        count = write_answer(path, known.lines())
    print_line(f"{path}: what {number_of(count, 'document')} must hold")


@contextmanager
def _bar(what: str, plan: Plan) -> Iterator[Told]:
    """Progress on stderr, if that is a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task(what, total=plan.events)

        def report(tracked: int) -> None:
            if tracked % _SHOWN_EVERY == 0:
                progress.update(task, completed=tracked)

        yield report
