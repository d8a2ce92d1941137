"""Measures segments: a member over a shop's traffic, with few and with many definitions."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.figure import Figure
from bench.result import Result
from bench.runs import RunFailed, Runs
from bench.segments.check import check
from bench.segments.definitions import ALL_DUE, NEWCOMERS, Defined, many, overlapping
from bench.segments.live import RATE as LIVE_RATE
from bench.segments.live import Visits, measure
from bench.segments.stages import STAGES
from bench.segments.traffic import (
    DEFINITIONS,
    FIRST_DAY,
    ORDERS,
    TRACKING,
    USERS,
    Message,
    Traffic,
    definitions,
)
from bench.servers import PARTITIONS
from bench.stopwatch import Measured
from daybook.engine.kafka import clients
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.topics import DeclaredTopic, create
from daybook.engine.moment import milliseconds_at
from daybook.engine.mongo.client import Documents, database
from daybook.engine.settings import Settings
from schemas.catalogue import catalogue

EVENTS, PEOPLE = 200_000, 100_000
RATE, MICROSECONDS, SHARE = 4_000, 250, 0.8
MIB, BACKFILL_SECONDS, DUE_SECONDS = 300, 150, 60
MEDIAN_SECONDS, LATE_SECONDS, BACK_SECONDS = 2, 4, 15
MILLION = 1_000_000
TICKETED = 50
"""Ticketed events of the traffic: each has 10 of an organization's 500 definitions."""

_FEED, _CHANGES = "sc.analytics.segment-feed", "sc.analytics.segment-changes"
_SECONDS_MAX = 3_000
_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Run:
    """A member's measurement, and the processor seconds of its stages."""

    measured: Measured
    stages: dict[str, float]

    def microseconds(self, stage: str) -> float:
        """Processor time of a stage, an event."""
        return self.stages.get(stage, 0.0) / self.measured.events * 1e6

    @property
    def cost(self) -> float:
        """Microseconds of processor time an event, of all threads."""
        return self.measured.cpu_seconds / self.measured.events * 1e6


class Shop:
    """The topics of one run, on a database of its own."""

    def __init__(self, runs: Runs, settings: Settings, prefix: str) -> None:
        self._runs = runs
        self._settings = settings
        self._prefix = prefix
        names = USERS, ORDERS, TRACKING
        partitions = dict.fromkeys(names, PARTITIONS)
        for name in (*names, DEFINITIONS, _FEED, _CHANGES):
            count = partitions.get(name) or catalogue().partitions(name)
            config = catalogue().config(name)
            create(clients.admin(settings), DeclaredTopic(prefix + name, count, 1, config))

    def publish(self, messages: Iterable[Message]) -> None:
        """Sends messages in their order. Raises RuntimeError."""
        producer = clients.producer(self._settings)
        senders: dict[str, BulkProducer] = {}
        for message in messages:
            if message.topic not in senders:
                topic = self._prefix + message.topic
                senders[message.topic] = BulkProducer(producer, topic)
            senders[message.topic].send(message.value, message.key.encode())
        for sender in senders.values():
            sender.finish()
            if sender.failed:
                raise RuntimeError(f"the broker did not accept every message: {sender.why}")

    def _program(self, *arguments: str) -> dict[str, Any]:
        """How to start a member."""
        others = {n: v for n, v in os.environ.items() if not n.startswith("DAYBOOK_")}
        own = {"DAYBOOK_MONGODB_DATABASE": self._settings.mongodb_database}
        program = [sys.executable, "-m", "bench.segments.member", self._prefix]
        variables = others | dict(self._runs.variables) | own
        return {"args": [*program, *arguments], "cwd": _ROOT, "env": variables}

    def running(self) -> subprocess.Popen[bytes]:
        """Starts a member that goes on until it is killed."""
        program: dict[str, Any] = self._program("running", "0", "")
        return subprocess.Popen(
            program["args"],
            cwd=program["cwd"],
            env=program["env"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def visits(self, documents: Documents) -> Visits:
        """Visits as they happen, for a running member."""
        return Visits(clients.producer(self._settings), self._prefix + TRACKING, documents)

    def member(self, clock_ms: int, events: int) -> Run:
        """Runs a member until it is caught up. Raises RunFailed."""
        with TemporaryDirectory(prefix="daybook-bench-") as directory:
            file = Path(directory) / "measured.json"
            done = subprocess.run(
                **self._program(str(clock_ms), str(events), str(file)),
                capture_output=True,
                text=True,
                timeout=_SECONDS_MAX,
            )
            if done.returncode:
                raise RunFailed(f"segment ended with {done.returncode}: {done.stderr[-20_000:]}")
            found = json.loads(file.read_text())
        run = Run(Measured(**found["measured"]), found["stages"])
        self._runs.log(
            f"segment: {run.measured.rate:,.0f} events/s, {run.cost:.0f} µs an event "
            + ", ".join(f"{name} {run.microseconds(name):.0f}" for name in STAGES)
            + f"; {run.measured.written}"
        )
        return run


@contextmanager
def _shop(runs: Runs, name: str) -> Iterator[tuple[Shop, Documents]]:
    settings = runs.settings(f"bench-segments-{name}")
    documents = database(settings)
    with documents.client as client:
        client.drop_database(documents.name)
        yield Shop(runs, settings, f"segments-{name}."), documents
        client.drop_database(documents.name)


@dataclass(frozen=True, slots=True)
class Run20:
    """A member's runs over 20 definitions: visits, then one more definition, then everybody due."""

    visits: Run
    backfill: Run
    due: Run


def segments(runs: Runs, pairs: int) -> Result:
    """After each run, compares members with what MongoDB finds by the definitions."""
    count = int(os.environ.get("DAYBOOK_BENCH_SEGMENT_EVENTS", EVENTS))
    people = int(os.environ.get("DAYBOOK_BENCH_SEGMENT_PEOPLE", PEOPLE))
    few, more, running = [], [], []
    for number in range(pairs):
        few.append(_few(runs, f"few-{number}", Traffic(people, count)))
        more.append(_many(runs, f"many-{number}", people, count))
        running.append(_running(runs, f"running-{number}"))
    facts = {
        "segments": f"{people:,} people, {count:,} events of their visits over two days; 20 "
        "definitions of 4 conditions, then 1,000 of which an event that names a ticketed event "
        "touches 10; the clock moves once, to the end; then one more definition, and a moment at "
        f"which all {people:,} are due"
    }
    return Result(facts, [], [*_figures(people, few), *_share(few, more), *_late(running)])


def _figures(people: int, few: list[Run20]) -> Iterator[Figure]:
    what, visits = "segment, 20 definitions", [run.visits for run in few]
    yield Figure(what, "events/s", [run.measured.rate for run in visits], at_least=RATE)
    costs = [run.cost for run in visits]
    yield Figure(f"{what}: processor time", "µs/event", costs, at_most=MICROSECONDS)
    for stage in STAGES:
        yield Figure(f"{what}: {stage}", "µs/event", [run.microseconds(stage) for run in visits])
    yield Figure(
        f"{what}: peak memory, {people:,} people",
        "MiB",
        [max(run.measured.peak_mib for run in (one.visits, one.backfill, one.due)) for one in few],
        at_most=MIB,
    )
    scaled = [MILLION / run.backfill.measured.rate for run in few]
    yield Figure("backfill, scaled to 1,000,000 profiles", "s", scaled, at_most=BACKFILL_SECONDS)
    yield Figure(
        f"{people:,} due at one moment: until all are told",
        "s",
        [run.due.measured.seconds for run in few],
        at_most=DUE_SECONDS * people / PEOPLE,
    )


def _share(few: list[Run20], more: list[Run]) -> Iterator[Figure]:
    yield Figure("segment, 1,000 definitions", "events/s", [run.measured.rate for run in more])
    yield Figure(
        "segment, 1,000 definitions: processor time", "µs/event", [run.cost for run in more]
    )
    shares = [
        other.measured.rate / one.visits.measured.rate * 100
        for one, other in zip(few, more, strict=True)
    ]
    yield Figure("1,000 definitions / 20", "%", shares, at_least=SHARE * 100)


def _late(running: list[tuple[float, float, float]]) -> Iterator[Figure]:
    medians, lates, backs = map(list, zip(*running, strict=True))
    what = f"segment, from event to row at {LIVE_RATE} events/s"
    yield Figure(f"{what}: p50", "s", medians, at_most=MEDIAN_SECONDS)
    yield Figure(f"{what}: p99", "s", lates, at_most=LATE_SECONDS)
    yield Figure("segment, from kill -9 to the next row", "s", backs, at_most=BACK_SECONDS)


def _running(runs: Runs, name: str) -> tuple[float, float, float]:
    with _shop(runs, name) as (shop, documents):
        shop.publish(definitions(overlapping()))
        found = measure(shop.running, shop.visits(documents))
    runs.log("segment: row after {:.1f} s, {:.1f} s; after a kill {:.1f} s".format(*found))
    return found


def _few(runs: Runs, name: str, traffic: Traffic) -> Run20:
    defined, people = list(overlapping()), traffic.people
    with _shop(runs, name) as (shop, documents):
        visits = _play(runs, shop, documents, traffic, defined)
        end_ms = milliseconds_at(traffic.end)
        shop.publish(definitions([NEWCOMERS], first=len(defined)))
        backfill = shop.member(end_ms, people)
        check(documents, [*defined, NEWCOMERS], end_ms)
        due = shop.member(milliseconds_at(ALL_DUE), people)
        check(documents, [*defined, NEWCOMERS], milliseconds_at(ALL_DUE))
    return Run20(visits, backfill, due)


def _many(runs: Runs, name: str, people: int, count: int) -> Run:
    traffic = Traffic(people, count, organizations=2, events=TICKETED)
    with _shop(runs, name) as (shop, documents):
        return _play(runs, shop, documents, traffic, list(many(TICKETED)))


def _play(
    runs: Runs, shop: Shop, documents: Documents, traffic: Traffic, defined: list[Defined]
) -> Run:
    """Everybody signs up, which is not measured; then the visits are."""
    shop.publish(definitions(defined))
    shop.publish(traffic.sign_ups())
    runs.log(f"{len(defined):,} definitions, {traffic.people:,} people sign up")
    shop.member(milliseconds_at(FIRST_DAY) - 1, 2 * traffic.people)
    shop.publish(traffic.visits())
    end_ms = milliseconds_at(traffic.end)
    run = shop.member(end_ms, traffic.count)
    check(documents, defined, end_ms)
    return run
