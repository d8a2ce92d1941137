"""Builds a member and runs it."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from confluent_kafka import libversion
from confluent_kafka.admin import AdminClient

from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.errors import DaybookError
from daybook.engine.group import Group, Prepare
from daybook.engine.kafka.admin import cluster_id, topic_ids
from daybook.engine.kafka.arrival_times import check_arrival_times
from daybook.engine.kafka.clients import admin, dead_letter_producer, member, reader
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.member.caught_up import CaughtUp, log_ends
from daybook.engine.member.commit import Committer
from daybook.engine.member.health import Health
from daybook.engine.member.heartbeat import Heartbeat
from daybook.engine.member.member import Member
from daybook.engine.member.starter import PartitionStarter
from daybook.engine.metrics import BUILD_INFO
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import Documents, database
from daybook.engine.mongo.store import MongoStore
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.definitions import Definitions
from daybook.engine.protocol.fleet import join
from daybook.engine.protocol.settle import BatchHandler, Settler
from daybook.engine.settings import Settings

if TYPE_CHECKING:
    from daybook.engine.live.projector import Projector

Work = Callable[[Documents, DeadLetters], BatchHandler]
"""Builds the batch handler of a group that does not count, one for all partitions of a member."""

log = structlog.get_logger()

Progress = Callable[[int, int], None]
"""Called with the messages counted, and how many there are in total."""


def run(
    group: Group,
    settings: Settings,
    *,
    until_caught_up: bool,
    started: Callable[[Member], None],
    progress: Progress = lambda done, total: None,
    work: Work | None = None,
) -> None:
    """Runs a member until it is stopped, or with `until_caught_up` until its group has counted
    everything the log holds at the start.

    `started` is called with the member before its loop begins. `work` builds the batch handler of a
    group that does not count. Raises DaybookError.
    """
    documents, client, rules = database(settings), admin(settings), Rules.from_settings(settings)
    fleet = join(documents, cluster_id(client), rules, group)
    definitions = [source.topic for source in group.definitions]
    check_arrival_times(settings, client, [*group.topics, *definitions])
    indexes.ensure(documents, group)
    checkpoints = Checkpoints(group.name, documents)
    caught_up = CaughtUp(checkpoints, log_ends(client, group.topics)) if until_caught_up else None
    dead_letters = DeadLetters(group.name, documents, dead_letter_producer(settings))
    make_handler: Callable[[DuplicateWindow], BatchHandler]
    if work:
        handler = work(documents, dead_letters)

        def make_handler(window: DuplicateWindow) -> BatchHandler:
            return handler
    else:
        store = MongoStore(documents, rules, fleet.stamps)
        prepare = _preparation(group, settings, dead_letters, client, rules)

        def make_handler(window: DuplicateWindow) -> BatchHandler:
            return Settler(group, rules, store, dead_letters, window, prepare)

    starter = PartitionStarter(group, rules, fleet, checkpoints, dead_letters, client, make_handler)
    consumer = RenewableConsumer(lambda: member(settings, group.name))

    projector = _projector(group, settings, documents, rules)

    def on_tick(member: Member) -> None:
        heartbeat.beat(member)
        if projector:
            projector.refreshes_all(_has_first_partition(member))
        if caught_up:
            done = caught_up.done()
            progress(done, caught_up.total)
            if done == caught_up.total:
                member.stop()

    committer = Committer(group.name, fleet.id, consumer, checkpoints)
    this_member = Member(group, settings, consumer, starter, committer, on_tick, projector)
    health = _health(this_member, settings)
    heartbeat = Heartbeat(group.name, documents, health.port)
    BUILD_INFO.labels(version("daybook"), platform.python_version(), libversion()[0]).set(1)
    started(this_member)
    log.info("member started", group=group.name, port=health.port, fleet=fleet.id)
    try:
        this_member.run()
    except DaybookError as error:
        log.error("member failed", group=group.name, why=str(error))
        raise
    finally:
        if projector:
            projector.close()
        heartbeat.leave()
        health.close()
        documents.client.close()
    log.info("member stopped", group=group.name, **this_member.progress.totals)


def _preparation(
    group: Group, settings: Settings, dead_letters: DeadLetters, client: AdminClient, rules: Rules
) -> Prepare | None:
    if group.preparer is None:
        return None
    topics = [source.topic for source in group.definitions]
    definitions = Definitions(
        group.definitions,
        RenewableConsumer(lambda: reader(settings)),
        lambda: topic_ids(client, topics),
        dead_letters,
        Calendar(rules.zone_info()),
    )
    return group.preparer(definitions)


def _projector(
    group: Group, settings: Settings, documents: Documents, rules: Rules
) -> "Projector | None":
    if group.live is None:
        return None
    # They bring Redis's client, which groups without live numbers do without.
    from daybook.engine.live.documents import LiveDocuments
    from daybook.engine.live.projector import Projector
    from daybook.engine.live.store import LiveStore

    projector = Projector(
        group.name,
        group.live,
        LiveStore(settings, group.name),
        LiveDocuments(group.live, documents),
        rules.zone_info(),
        settings.live_refresh_ms / 1000,
    )
    projector.start()
    return projector


def _has_first_partition(member: Member) -> bool:
    """Whether partition 0 of the group's first topic is assigned to this member, which singles out
    one member of the group through every rebalance."""
    first = member.group.topics[0], 0
    return any((one.partition.topic, one.partition.number) == first for one in member.assigned)


def _health(member: Member, settings: Settings) -> Health:
    def live() -> str | None:
        silent_ms = (monotonic() - member.last_poll) * 1000
        if silent_ms > settings.kafka_max_poll_interval_ms:
            return f"no poll for {silent_ms:.0f} ms"
        return None

    def ready() -> str | None:
        if member.waiting:
            return "waiting for a server"
        return None if member.ready else "not subscribed yet"

    return Health(settings.health_host, settings.health_port, live, ready)
