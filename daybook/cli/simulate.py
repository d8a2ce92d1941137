"""`daybook simulate`: generates a storefront's traffic, and the documents it must result in."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn

from daybook.cli.publish import Interrupted
from daybook.cli.support.date_options import day
from daybook.cli.support.interrupt import interruptible
from daybook.cli.support.printing import number_of, print_line
from daybook.cli.support.progress_bars import progress_bars
from daybook.cli.support.simulate_files import (
    ANSWER,
    check_writable,
    empty_directory,
    write_answer,
    write_topics,
)
from daybook.cli.support.simulate_publish import Progress as ReportProgress
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
"""Fixed, so that a seed gives the same traffic on any day. A string: typer parses the default."""

_EVENTS_BETWEEN_UPDATES = 500


def simulate(
    events: Annotated[int, typer.Option(min=1, help="Tracking events, duplicates included.")] = (
        10_000
    ),
    rate: Annotated[
        float | None,
        typer.Option(min=0.1, help="Tracking events per second; by default as fast as possible."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same traffic.")] = 1,
    start: Annotated[
        date, typer.Option(parser=day, metavar="YYYY-MM-DD", help="The first day, in UTC.")
    ] = START,  # type: ignore[assignment]
    days: Annotated[
        int, typer.Option(min=1, max=366, help="The number of days that the traffic covers.")
    ] = 14,
    out: Annotated[
        Path | None,
        typer.Option(help="Write files to this directory instead of sending events."),
    ] = None,
    answer: Annotated[
        Path | None, typer.Option(help="When events are sent, write the known answer to this file.")
    ] = None,
) -> None:
    """Generate a storefront's traffic, and the known answer: what the documents must hold.

    The traffic has visitors, carts, orders, refunds, accounts and two experiments, and also bots,
    duplicates, late events and wrong clocks. Events of all topics refer to each other. They are
    sent to Kafka. With --out they are written to one file per topic, along with `answer.ndjson`
    and `parts.ndjson`, which holds the order in which to publish the files' lines.

    The answer has one line per document of users, orders, revenue, funnels, steps, experiments
    and ticketed events: its fields if nothing else was counted, with this DAYBOOK_ZONE and these
    DAYBOOK_LEADER_ROLES. A funnel's definition applies to the events that follow it.

    Exit 0: the log, or the files, hold all events. 4: Kafka does not answer, or accepted only
    some of the events. 130: interrupted.

    Example: `daybook simulate --events 100000 --seed 7 --answer answer.ndjson`
    """
    plan = Plan(events, seed, start, days)
    _not_in_the_future(plan, datetime.now(UTC).date())
    if out is not None and (rate or answer):
        raise typer.BadParameter("--out takes no --rate, and no --answer: it writes answer.ndjson")
    if answer:
        check_writable(answer)
    config = settings()
    with Answer(config.zone_info(), config.leader_roles) as known:
        if out is not None:
            _write(plan, empty_directory(out), known)
        else:
            _publish(config, plan, rate, known if answer else None)
            if answer:
                _write_answer(known, answer)


def _not_in_the_future(plan: Plan, today: date) -> None:
    last = plan.start + timedelta(days=plan.days - 1)
    if last > today:
        raise DaybookError(
            f"the traffic would last until {last}, but events from the future are not counted: "
            "choose an earlier --start or fewer --days"
        )


def _write(plan: Plan, directory: Path, known: Answer) -> None:
    with _bar("writing events", plan) as report:
        written = write_topics(directory, _recorded(storefront(plan), known, report))
    for topic in TOPICS:
        print_line(f"{directory / topic}.ndjson: {number_of(written[topic], 'event')}")
    _write_answer(known, directory / ANSWER)


def _publish(config: Settings, plan: Plan, rate: float | None, known: Answer | None) -> None:
    present = partition_counts(admin(config), list(map(topic_name, TOPICS)))
    for topic in TOPICS:
        if topic_name(topic) not in present:
            raise DaybookError(
                f"no topic {topic_name(topic)} on the cluster: run `daybook topics apply`"
            )
    producers = {topic: BulkProducer(producer(config), topic_name(topic)) for topic in TOPICS}
    with _bar("sending events", plan) as report:
        publisher = Publisher(producers, rate, report)
        with interruptible(publisher):
            publisher.publish(_recorded(storefront(plan), known))
    delivered = sum(bulk.delivered for bulk in producers.values())
    if publisher.why:
        interrupted = any(bulk.interrupted for bulk in producers.values())
        error = Interrupted if interrupted else Unavailable
        raise error(
            f"only {number_of(delivered, 'message')} reached Kafka: {publisher.why}. Run the same "
            "command again: it sends the same events, and those that arrived are recognised by "
            f"their event_id, if at most {config.duplicate_window:,} messages came in between"
        )
    rate_sent = plan.events / (publisher.ended - publisher.began)
    tracked = number_of(plan.events, "tracking event")
    print_line(f"sent {number_of(delivered, 'message')} ({tracked}), {rate_sent:,.0f} per second")


def _recorded(
    messages: Iterator[Message], known: Answer | None, report: ReportProgress | None = None
) -> Iterator[Message]:
    """The messages; each is taken into the known answer as it passes."""
    tracked = 0
    for message in messages:
        if known:
            # One append time for all: a run is too short for the log's time limit of 35 days.
            known.take(Entry(message.topic, message.event, appended_ms=0))
        if report and message.topic == TRACKING:
            tracked += 1
            report(tracked)
        yield message


def _write_answer(known: Answer, path: Path) -> None:
    console = Console(stderr=True)
    with console.status("computing the known answer"):
        count = write_answer(path, known.lines())
    print_line(f"{path}: the known answer, {number_of(count, 'document')}")


@contextmanager
def _bar(description: str, plan: Plan) -> Iterator[ReportProgress]:
    with progress_bars(MofNCompleteColumn()) as progress:
        task = progress.add_task(description, total=plan.events)

        def report(tracked: int) -> None:
            if tracked % _EVENTS_BETWEEN_UPDATES == 0:
                progress.update(task, completed=tracked)

        yield report
