"""Segments on real servers: definitions, what people do, members and changes."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from daybook.engine.kafka import admin
from daybook.engine.kafka.scan import scan
from daybook.funnels.visitor_event import milliseconds
from daybook.segments.stage.build import segment_stage
from schemas.catalogue import catalogue, source
from tests.support.member import MemberProcess
from tests.support.world import World

USERS, ORDERS, TRACKING = "sc.domain.user", "sc.domain.order", "sc.tracking.funnel"
DEFINITIONS, CHANGES = "sc.analytics.segments", "sc.analytics.segment-changes"
FEED = "sc.analytics.segment-feed"

CARTS = {"event": "cart_add", "within": "PT24H"}


def ms(moment: str) -> int:
    """A moment of March 2026, as in `2nd 10:00` or `2nd 10:00:00.001`, in ms since 1970."""
    day, clock = moment.split(" ")
    seconds = "" if clock.count(":") == 2 else ":00"
    return milliseconds(f"2026-03-{int(day.rstrip('ndrsth')):02d}T{clock}{seconds}Z")


def text(moment: str) -> str:
    """The same moment as an event has it."""
    day, clock = moment.split(" ")
    seconds = "" if clock.count(":") == 2 else ":00"
    return f"2026-03-{int(day.rstrip('ndrsth')):02d}T{clock}{seconds}Z"


FAILPOINTS = (
    "within_feed",
    "before_state",
    "before_profiles",
    "before_rows",
    "before_changes",
    "after_changes",
)
"""Where a member of the group may be killed, from the feed to the changes."""


class Audience:
    """The topics of the segment group in a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._events = 0
        self._producer = world.producer()
        for name in (USERS, ORDERS, TRACKING):
            world.make_topic(name, 2)
        for name in (DEFINITIONS, CHANGES, FEED):
            world.make_topic(name, catalogue().partitions(name))

    def define(
        self, filters: Mapping[str, Any] = CARTS, segment: str = "carts", version: int = 1
    ) -> None:
        data = {"segment_id": segment, "name": segment, "filters": filters, "version": version}
        self.publish(DEFINITIONS, "segment.defined", "1st 00:00", data)

    def pin(self, campaign: str, segment: str = "carts", version: int = 1) -> None:
        data = {"campaign_id": campaign, "segment_id": segment, "version": version}
        self.publish(DEFINITIONS, "campaign.pinned", "1st 00:00", data)

    def pinned(self, campaign: str) -> dict[str, int]:
        """The people of a campaign, each with the beginning of their membership."""
        rows = self.world.documents["campaign_members"].find({"campaign_id": campaign})
        return {row["person"]: row["since"] for row in rows}

    def track(self, event_type: str, at: str, visitor: str, user: str | None = None) -> None:
        data: dict[str, Any] = {"visitor_id": visitor, "session_id": "s"}
        if event_type == "cart_add":
            data["event_id"] = "gala"
        if user:
            data["user_id"] = user
        self.publish(TRACKING, event_type, at, data)

    def account(self, what: str, at: str, user: str) -> None:
        self.publish(USERS, f"user.{what}", at, {"user_id": user})

    def order(self, event_type: str, at: str, order: str, user: str) -> None:
        data: dict[str, Any] = {"order_id": order, "currency": "EUR"}
        if event_type == "created":
            data |= {"user_id": user, "total_cents": 4_990}
        else:
            data["amount_cents"] = 4_990
        self.publish(ORDERS, f"order.{event_type}", at, data)

    def publish(self, topic: str, event_type: str, at: str, data: Mapping[str, Any]) -> None:
        self._events += 1
        event = {
            "event_id": f"00000000-0000-0000-0000-{self._events:012x}",
            "event_type": event_type,
            "occurred_at": text(at),
            "schema_version": 1,
            "data": dict(data),
        }
        key, value = source(topic).key_of(event), json.dumps(event).encode()
        self._producer.produce(self.world.topic(topic), key=key, value=value)
        assert self._producer.flush(60) == 0

    def member(self, clock: str, failpoint: str = "") -> MemberProcess:
        """Starts a member that ends once everything is evaluated up to the clock."""
        options = "--until-caught-up", f"--clock={text(clock)}"
        return self.world.member("segment", *options, failpoint=failpoint)

    def advance(self, clock: str) -> MemberProcess:
        """Runs such a member to its end."""
        member = self.member(clock)
        assert member.wait(120) == 0, member.output()
        return member

    @contextmanager
    def second_stage(self, clock: str) -> Iterator[Callable[[], int]]:
        """Runs only the second stage, in this process; gives the number of steps it has done."""
        group = self.world.group("segment")
        stage = segment_stage(group, self.world.settings, ms(clock))
        stage.start()
        work, steps = stage._work, 0
        step = work.step

        def counted(owned: Collection[int]) -> bool:
            nonlocal steps
            has_more = step(owned)
            steps += bool(owned)
            return has_more

        work.step = counted  # type: ignore[method-assign]
        try:
            yield lambda: steps
            assert stage.failure() is None
        finally:
            stage.stop()

    def clock(self) -> int:
        """The moment up to which all shards are evaluated."""
        return min(int(one["clock"]) for one in self.world.documents["segment_clocks"].find())

    def members(self, segment: str = "carts", version: int = 1) -> dict[str, tuple[Any, ...]]:
        """Of each person, whether they are in, since when, and until when."""
        where = {"segment_id": segment, "version": version}
        rows = self.world.documents["segment_members"].find(where)
        return {row["person"]: (row["in"], row["since"], row["until"]) for row in rows}

    def changes(self) -> list[dict[str, Any]]:
        """All changes that were published, those of a person in their order."""
        bounds = admin.log_bounds(self.world.admin, [self.world.topic(CHANGES)])
        messages = scan(self.world.settings, bounds)
        return [json.loads(message.value() or b"") for message in messages]

    def told(self) -> list[tuple[str, str, int, str]]:
        """Of each change that was published, copies left out: what, who, when, and why."""
        once = {change["event_id"]: change for change in self.changes()}
        return [
            (
                change["event_type"].removeprefix("segment."),
                change["data"]["person"],
                milliseconds(change["occurred_at"]),
                change["data"]["reason"],
            )
            for change in once.values()
        ]
