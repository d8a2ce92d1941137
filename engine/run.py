"""Puts a member together, and runs it."""

import platform
from collections.abc import Callable
from importlib.metadata import version
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from confluent_kafka import libversion
from confluent_kafka.admin import AdminClient

from engine import indexes
from engine.caught_up import CaughtUp, log_ends
from engine.checkpoints import Checkpoints
from engine.client import Client
from engine.committer import Committer
from engine.dead_letters import DeadLetters
from engine.definitions import Definitions
from engine.errors import DaybookError
from engine.fleet import join
from engine.group import Group
from engine.health import Health
from engine.heartbeat import Heartbeat
from engine.kafka import admin, cluster_id, member, producer, reader, topic_ids
from engine.live_documents import LiveDocuments
from engine.live_store import LiveStore
from engine.member import Member
from engine.metrics import BUILD_INFO
from engine.mongo import Documents, database
from engine.mongo_store import MongoStore
from engine.projector import Projector
from engine.rules import Rules
from engine.settings import Settings
from engine.settle import Settler, Settling
from engine.slots import Calendar
from engine.starter import Starter
from engine.window import DuplicateWindow

if TYPE_CHECKING:
    from engine.group import Prepare

Work = Callable[[Documents, DeadLetters], Settling]
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
        starter = Starter(group, rules, fleet, checkpoints, letters, client, lambda _: own)
    else:
        store = MongoStore(documents, rules, fleet.stamps)
        prepare = _preparation(group, settings, letters, client, rules)

        def settler(window: DuplicateWindow) -> Settler:
            return Settler(group, rules, store, letters, window, prepare)

        starter = Starter(group, rules, fleet, checkpoints, letters, client, settler)
    own_client = Client(lambda: member(settings, group.name))

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

    committer = Committer(group.name, fleet.id, own_client, checkpoints)
    one = Member(group, settings, own_client, starter, committer, on_tick, projector)
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
) -> "Prepare | None":
    if group.preparer is None:
        return None
    topics = [source.topic for source in group.definitions]
    definitions = Definitions(
        group.definitions,
        Client(lambda: reader(settings)),
        lambda: topic_ids(client, topics),
        letters,
        Calendar(rules.zone_info()),
    )
    return group.preparer(definitions)


def _projector(
    group: Group, settings: Settings, documents: Documents, rules: Rules
) -> Projector | None:
    if group.live is None:
        return None
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
