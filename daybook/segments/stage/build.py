"""Builds the second stage of a member."""

from contextlib import ExitStack, suppress
from time import monotonic, time_ns

from confluent_kafka.admin import AdminClient

from daybook.engine.documents.calendar import Calendar
from daybook.engine.errors import DaybookError, StartAgain, Unavailable, WrongSetting
from daybook.engine.group import Group
from daybook.engine.kafka.admin import partition_counts, topic_ids
from daybook.engine.kafka.clients import admin, dead_letter_producer, producer, reader
from daybook.engine.kafka.feed_producer import FeedProducer
from daybook.engine.kafka.renewable_consumer import RenewableConsumer
from daybook.engine.moment import moment_at
from daybook.engine.mongo.client import Documents, database, primary_process, reachable
from daybook.engine.mongo.fence import Fence
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.engine.protocol.dead_letters import DeadLetters
from daybook.engine.protocol.definitions import Definitions
from daybook.engine.redis_client import blocking
from daybook.engine.settings import Settings
from daybook.segments.feed import SHARDS
from daybook.segments.in_force import InForce
from daybook.segments.stage.clocks import Clocks
from daybook.segments.stage.definition_rows import DefinitionRows
from daybook.segments.stage.live import LiveSegments
from daybook.segments.stage.mongo_profiles import MongoProfiles
from daybook.segments.stage.outputs import Outputs
from daybook.segments.stage.pins import Pins
from daybook.segments.stage.progress import FeedProgress, SourceProgress
from daybook.segments.stage.service import SegmentStage
from daybook.segments.stage.work import Parts, Work
from schemas.envelope import moment_text

_REDIS_SECONDS = 0.5


def segment_stage(group: Group, settings: Settings, clock_max: int | None) -> SegmentStage:
    """The second stage of a member of the group, which evaluates nothing beyond `clock_max`, in ms
    since 1970."""
    assert group.feed is not None
    topic = group.feed.topic
    return SegmentStage(
        f"{group.name}-profiles", topic, settings, lambda: _work(group, topic, settings, clock_max)
    )


def _work(group: Group, topic: str, settings: Settings, clock_max: int | None) -> Work:
    """Raises DaybookError, Unavailable, and WrongSetting for a clock that would go back."""
    stack = ExitStack()
    try:
        return Work(_parts(group, topic, settings, clock_max, stack), clock_max)
    except BaseException:
        stack.close()
        raise


def _parts(
    group: Group, topic: str, settings: Settings, clock_max: int | None, stack: ExitStack
) -> Parts:
    documents, client = database(settings), admin(settings)
    stack.callback(documents.client.close)
    fence = Fence(lambda: primary_process(documents))
    with reachable():
        fence.renew()
    fenced = database(settings, fence)
    stack.callback(_close, fenced)
    definition_reader = RenewableConsumer(lambda: reader(settings))
    stack.callback(lambda: definition_reader.current.close())
    topic_id = _feed_id(client, topic)
    clocks = Clocks(fenced, topic, topic_id)
    clocks.create()
    _check(clocks, clock_max)
    names = [source.topic for source in group.definitions]
    definitions = DefinitionRows(
        Definitions(
            group.definitions,
            definition_reader,
            lambda: topic_ids(client, names),
            DeadLetters(group.name, fenced, dead_letter_producer(settings)),
            Calendar(settings.zone_info()),
        ),
        fenced,
    )
    [changes] = group.produces
    redis = blocking(settings, _REDIS_SECONDS)
    stack.callback(redis.close)
    outputs = Outputs(
        FeedProducer(producer(settings), topic), FeedProducer(producer(settings), changes)
    )
    return Parts(
        group.name,
        MongoProfiles(fenced),
        clocks,
        InForce(definitions.definitions, settings.zone_info()),
        definitions,
        outputs.send,
        outputs.publish,
        Pins(fenced, definitions.definitions, settings.zone_info(), clock_max),
        LiveSegments(fenced, redis, monotonic),
        SourceProgress(client, group.topics, Checkpoints(group.name, fenced)),
        FeedProgress(client, topic, topic_id, clocks),
        lambda: time_ns() // 1_000_000,
        stack.close,
    )


def _close(documents: Documents) -> None:
    """Closing a client tells the server, where there may be another process by now."""
    with suppress(StartAgain, Unavailable), reachable():
        documents.client.close()


def _feed_id(client: AdminClient, topic: str) -> str:
    count = partition_counts(client, [topic]).get(topic)
    topic_id = topic_ids(client, [topic]).get(topic)
    if count is None or topic_id is None:
        raise DaybookError(f"no topic {topic}: run `daybook topics apply`")
    if count != SHARDS:
        raise DaybookError(f"{topic} has {count} partitions and must have {SHARDS}, always")
    return topic_id


def _check(clocks: Clocks, clock_max: int | None) -> None:
    newest = max(clock.clock for clock in clocks.all().values())
    if clock_max is not None and clock_max < newest:
        stored = moment_text(moment_at(newest))
        raise WrongSetting(f"--clock: segments are evaluated up to {stored}, and never go back")
