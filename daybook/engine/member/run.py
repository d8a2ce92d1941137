"""Builds a member and runs it."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from confluent_kafka import libversion
from confluent_kafka.admin import AdminClient

from daybook.engine.documents.counting_rules import Rules
from daybook.engine.errors import DaybookError, FleetMismatch, OutdatedClient, Unavailable
from daybook.engine.group import Group, Service
from daybook.engine.kafka.admin import cluster_id, log_bounds
from daybook.engine.kafka.arrival_times import check_arrival_times
from daybook.engine.kafka.clients import admin, dead_letter_producer, member
from daybook.engine.kafka.offsets import check_commit
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.member.caught_up import CaughtUp, log_ends
from daybook.engine.member.commit import Committer
from daybook.engine.member.continuity import Continuity
from daybook.engine.member.handlers import CountingHandlers, Handlers, JobHandlers, Work
from daybook.engine.member.health import Health
from daybook.engine.member.heartbeat import Heartbeat
from daybook.engine.member.member import Member
from daybook.engine.member.starter import PartitionStarter
from daybook.engine.metrics import BUILD_INFO
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import Documents, database, primary_process
from daybook.engine.mongo.fence import Fence
from daybook.engine.operations.reached import find_commits
from daybook.engine.partition import Partition
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.fleet import Fleet, find_fleet, join
from daybook.engine.settings import Settings

if TYPE_CHECKING:
    from daybook.engine.live.projector import Projector

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

    `started` is called with the member before its loop begins, again if MongoDB was restored in a
    way that needs new clients. `work` builds the batch handler of a group that does not count.
    Raises DaybookError.
    """
    while True:
        try:
            return _run(group, settings, until_caught_up, started, progress, work)
        except OutdatedClient as error:
            log.warning("MongoDB client replaced", why=str(error))


def _run(
    group: Group,
    settings: Settings,
    until_caught_up: bool,
    started: Callable[[Member], None],
    progress: Progress,
    work: Work | None,
) -> None:
    documents, client, rules = database(settings), admin(settings), Rules.from_settings(settings)
    fence = Fence(lambda: primary_process(documents))
    fenced = database(settings, fence)
    fleet = _join(group, settings, documents, client, rules)
    checkpoints = Checkpoints(group.name, fenced)
    caught_up = None
    if until_caught_up:
        caught_up = CaughtUp(Checkpoints(group.name, documents), log_ends(client, group.topics))
    dead_letters = DeadLetters(group.name, fenced, dead_letter_producer(settings))
    handlers: Handlers = (
        JobHandlers(work(fenced, dead_letters))
        if work
        else CountingHandlers(group, settings, rules, fleet, fenced, dead_letters, client)
    )
    starter = PartitionStarter(group, rules, fleet, checkpoints, dead_letters, client, handlers)
    consumer = RenewableConsumer(lambda: member(settings, group.name))
    projector = _projector(group, settings, documents, rules)
    service = group.beside(group, settings, fleet.id) if group.beside else None

    def on_tick(member: Member) -> None:
        if service and (failure := service.failure()):
            raise failure
        heartbeat.beat(member)
        if projector:
            projector.refreshes_all(_has_first_partition(member))
        if caught_up:
            done = caught_up.done()
            progress(done, caught_up.total)
            if done == caught_up.total and (service is None or service.is_caught_up()):
                member.stop()

    committer = Committer(group.name, fleet.id, consumer, checkpoints)
    continuity = Continuity(fleet.id, checkpoints, fence)
    this_member = Member(
        group, settings, consumer, starter, committer, continuity, on_tick, projector
    )
    health = _health(this_member, settings, service)
    heartbeat = Heartbeat(group.name, documents, health.port)
    BUILD_INFO.labels(version("daybook"), platform.python_version(), libversion()[0]).set(1)
    started(this_member)
    log.info("member started", group=group.name, port=health.port, fleet=fleet.id)
    try:
        if service:
            service.start()
        this_member.run()
    except OutdatedClient as error:
        if this_member.stopping:
            raise Unavailable(str(error)) from error
        raise
    except DaybookError as error:
        log.error("member failed", group=group.name, why=str(error))
        raise
    finally:
        if service:
            service.stop()
        if projector:
            projector.close()
        heartbeat.leave()
        health.close()
        documents.client.close()
        fenced.client.close()
    log.info("member stopped", group=group.name, **this_member.progress.totals)


def _join(
    group: Group, settings: Settings, documents: Documents, client: AdminClient, rules: Rules
) -> Fleet:
    """Joins the fleet once database and topics are fit to count with. Raises DaybookError."""
    if find_fleet(documents, client) is None:
        try:
            _check_unclaimed(group, client, settings)
        except FleetMismatch:
            # Another member may have made the fleet, and committed, since the question above.
            if find_fleet(documents, client) is None:
                raise
    fleet = join(documents, cluster_id(client), rules, group)
    definitions = [source.topic for source in group.definitions]
    check_arrival_times(settings, client, [*group.topics, *definitions])
    indexes.ensure(documents, group)
    return fleet


def _check_unclaimed(group: Group, client: AdminClient, settings: Settings) -> None:
    """Raises FleetMismatch if a fleet has committed for this group although the database has no
    record of one: it may be in the middle of a restore, and must not become another fleet's."""
    partitions = [Partition(topic, "", n) for topic, n in log_bounds(client, group.topics)]
    for partition, commit in zip(
        partitions, find_commits(settings, group, partitions), strict=True
    ):
        check_commit(partition.topic, "", commit)


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


def _health(member: Member, settings: Settings, service: Service | None) -> Health:
    def live() -> str | None:
        if service and (failure := service.failure()):
            return str(failure)
        silent_ms = (monotonic() - member.last_poll) * 1000
        if silent_ms > settings.kafka_max_poll_interval_ms:
            return f"no poll for {silent_ms:.0f} ms"
        return None

    def ready() -> str | None:
        if member.waiting:
            return "waiting for a server"
        return None if member.ready else "not subscribed yet"

    return Health(settings.health_host, settings.health_port, live, ready)
