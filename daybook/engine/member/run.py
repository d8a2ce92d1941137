"""Puts a member together, and runs it."""

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
from daybook.engine.kafka.clients import admin, member, producer, reader
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
"""What does a group's work that is not counting: one for all partitions of a member."""

log = structlog.get_logger()

Progress = Callable[[int, int], None]
"""Messages counted, of how many."""


def run(
    group: Group,
    settings: Settings,
    *,
    until_caught_up: bool,
    started: Callable[[Member], None],
    progress: Progress = lambda done, total: None,
    work: Work | None = None,
) -> None:
    """Runs a member until it is stopped, or the group has caught up.

    `started` gets the member before its loop begins; `work` is that of a group that does not
    count. Raises DaybookError.
    """
    documents, client, rules = database(settings), admin(settings), Rules.of(settings)
    fleet = join(documents, cluster_id(client), rules, group)
    indexes.ensure(documents, group)
    checkpoints = Checkpoints(group.name, documents)
    caught_up = CaughtUp(checkpoints, log_ends(client, group.topics)) if until_caught_up else None
    letters = DeadLetters(group.name, documents, producer(settings))
    if work:
        own = work(documents, letters)
        starter = PartitionStarter(group, rules, fleet, checkpoints, letters, client, lambda _: own)
    else:
        store = MongoStore(documents, rules, fleet.stamps)
        prepare = _preparation(group, settings, letters, client, rules)

        def settler(window: DuplicateWindow) -> Settler:
            return Settler(group, rules, store, letters, window, prepare)

        starter = PartitionStarter(group, rules, fleet, checkpoints, letters, client, settler)
    consumer = RenewableConsumer(lambda: member(settings, group.name))

    projector = _projector(group, settings, documents, rules)

    def on_tick(who: Member) -> None:
        heartbeat.beat(who)
        if projector:
            projector.refreshes_all(_owns_the_first(who))
        if caught_up:
            done = caught_up.done()
            progress(done, caught_up.total)
            if done == caught_up.total:
                who.stop()

    committer = Committer(group.name, fleet.id, consumer, checkpoints)
    one = Member(group, settings, consumer, starter, committer, on_tick, projector)
    health = _health(one, settings)
    heartbeat = Heartbeat(group.name, documents, health.port)
    BUILD_INFO.labels(version("daybook"), platform.python_version(), libversion()[0]).set(1)
    started(one)
    log.info("member started", group=group.name, port=health.port, fleet=fleet.id)
    try:
        one.run()
    except DaybookError as error:
        log.error("member failed", group=group.name, why=str(error))
        raise
    finally:
        if projector:
            projector.close()
        heartbeat.leave()
        health.close()
        documents.client.close()
    log.info("member stopped", group=group.name, **one.observer.totals)


def _preparation(
    group: Group, settings: Settings, letters: DeadLetters, client: AdminClient, rules: Rules
) -> Prepare | None:
    if group.preparer is None:
        return None
    topics = [source.topic for source in group.definitions]
    definitions = Definitions(
        group.definitions,
        RenewableConsumer(lambda: reader(settings)),
        lambda: topic_ids(client, topics),
        letters,
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


def _owns_the_first(who: Member) -> bool:
    """One member of a group has its first topic's partition 0, whoever else comes and goes."""
    first = who.group.topics[0], 0
    return any((o.partition.topic, o.partition.number) == first for o in who.owned)


def _health(one: Member, settings: Settings) -> Health:
    def live() -> str | None:
        silent_ms = (monotonic() - one.last_poll) * 1000
        if silent_ms > settings.kafka_max_poll_interval_ms:
            return f"no poll for {silent_ms:.0f} ms"
        return None

    def ready() -> str | None:
        if one.waiting:
            return "waiting for a server"
        return None if one.ready else "not subscribed yet"

    return Health(settings.health_host, settings.health_port, live, ready)
