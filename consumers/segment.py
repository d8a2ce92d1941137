"""Sends what each person did to the shard of their profile, where segments are evaluated."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.outgoing import Feed, Outgoing
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Group, Service
from daybook.engine.partition import Partition
from daybook.engine.settings import Settings
from daybook.funnels.visitor_event import milliseconds
from daybook.segments.facts import items
from daybook.segments.feed import FeedItem, pack, profile_id, shard_of
from daybook.segments.profile_facts import Origin
from models.campaigns import CampaignMembers, Campaigns
from models.segment_keys import SegmentKeys
from models.segments import AudienceSegments, SegmentClocks, SegmentMembers, SegmentProfiles
from schemas import REVISION
from schemas.catalogue import source, topic_name


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, state: State, rules: Rules
) -> Iterator[Outgoing]:
    """What the event says about people, each item for the shard of the person's profile."""
    for item in items(event, milliseconds(event["occurred_at"]), state):
        profile, shard = _place(item.organization, item.person)
        yield Outgoing(shard, [profile, item.facts])


@lru_cache(2**14)
def _place(organization: str, person: str) -> tuple[str, int]:
    """A person's profile, and its shard. Cached, because a visit has several events."""
    profile = profile_id(organization, person)
    return profile, shard_of(profile)


def packed(partition: Partition, sent: Sequence[tuple[int, Any]]) -> Iterable[bytes]:
    """The messages of the feed with what a source partition sends to one shard."""
    origin = Origin(partition.topic_id, partition.number)
    return pack(origin, (FeedItem(profile, offset, facts) for offset, (profile, facts) in sent))


def stage(group: Group, settings: Settings, fleet: str, clock_max: int | None = None) -> Service:
    """The second stage, which evaluates nothing beyond `clock_max`, in ms since 1970.

    Raises ModuleNotFoundError without the extra [segments].
    """
    from daybook.segments.stage.build import segment_stage

    return segment_stage(group, settings, clock_max)


def until(group: Group, clock_max: int) -> Group:
    """The group with a clock that stands at this moment, in ms since 1970."""
    return replace(group, beside=partial(stage, clock_max=clock_max))


GROUP = Group(
    name="sc-analytics-segment",
    sources=tuple(map(source, ("sc.domain.user", "sc.domain.order", "sc.tracking.funnel"))),
    definitions=(source("sc.analytics.segments"),),
    documents=(),
    state=SegmentKeys,
    react=react,
    feed=Feed(topic_name("sc.analytics.segment-feed"), packed, SegmentClocks.collection),
    produces=(topic_name("sc.analytics.segment-changes"),),
    beside=stage,
    rows=(
        SegmentProfiles,
        SegmentMembers,
        AudienceSegments,
        SegmentClocks,
        Campaigns,
        CampaignMembers,
    ),
    schema_revision=REVISION,
)
