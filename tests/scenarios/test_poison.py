"""Every kind of poison becomes a dead letter while counting continues, and can be replayed once."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from daybook.engine.member.caught_up import log_ends
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, DeadLetterRecords
from daybook.engine.operations.dead_letter_replay import Replay
from daybook.engine.protocol.fleet import find_fleet
from tests.scenarios.scenario import Scenario
from tests.support import checks
from tests.support.shop import POISON, Message
from tests.support.world import World

BIG = 5 * 2**20


def event(**changes: Any) -> bytes:
    data = {"order_id": "o1", "currency": "EUR", "amount_cents": 100} | changes.pop("data", {})
    whole = {
        "event_id": "00000000-0000-4000-8000-000000000001",
        "event_type": "order.payment_succeeded",
        "occurred_at": "2026-11-01T10:00:00Z",
        "schema_version": 1,
        "data": data,
    }
    return json.dumps(whole | changes).encode()


UNREADABLE: list[Message] = [
    *POISON,
    ("x", b'{"event_type": "order.created", "padding": "' + b"x" * BIG + b'"}'),
    ("x", b"{}"),
    ("o1", event(event_id="17")),
    ("o1", event(occurred_at="2026-11-01T10:00:00")),
    ("o1", event(occurred_at="1985-11-01T10:00:00Z")),
    ("o1", event(occurred_at="2099-11-01T10:00:00Z")),
    ("o1", event(data={"amount_cents": -1})),
    ("o1", event(data={"amount_cents": 1.5})),
    ("o1", event(data={"amount_cents": 10**12 + 1})),
    ("o1", event(occurred_at="2026-02-30T10:00:00Z")),
    ("o1", event(occurred_at="2026-11-01T10:00:60Z")),
    ("o1", event(occurred_at="2026-11-01T10:00:00+99:99")),
    ("o1", event(data={"amount_cents": "1"})),
    ("o1", event(data={"amount_cents": True})),
    ("o1", event(data={"currency": "EUX"})),
    ("another-key", event()),
    (None, event()),
]
SKIPPED: list[Message] = [("o1", None), ("o1", event(event_type="order.teleported"))]


def replay(world: World, records: DeadLetterRecords, found: list[DeadLetterRecord]) -> int:
    """Replays the records; returns how many messages were sent."""
    fleet = str(find_fleet(world.documents, world.admin))
    return Replay(world.settings, world.admin, records, fleet, world.topic()).run(found).sent


class PoisonOfEveryKind(Scenario):
    """A replayed message is poison again at its new position; a second replay sends nothing."""

    def prepare(self) -> None:
        self.world.make_topic()
        good = self.shop.messages(1_000)
        mixed = good[:500] + UNREADABLE + SKIPPED + good[500:]
        self.world.publish(mixed)
        self.shop.poison = 2 * len(UNREADABLE)

    def play(self) -> None:
        self.first = self.world.catch_up(self.group)
        records = DeadLetterRecords(self.world.documents, self.world.topic())
        found = list(records.find())
        self.sent = [replay(self.world, records, found) for _ in range(2)]
        self.second = self.world.catch_up(self.group)

    def assert_fault_happened(self) -> None:
        assert self.first.counted("dead_letters") == len(UNREADABLE)
        assert (self.first.counted("ignored"), self.first.counted("tombstone")) == (1, 1)
        assert self.sent == [len(UNREADABLE), 0]
        assert self.second.counted("dead_letters") == len(UNREADABLE)


class PoisonOfEveryKindForCounters(PoisonOfEveryKind):
    group = "order-funnel"


@pytest.mark.parametrize("scenario", [PoisonOfEveryKind, PoisonOfEveryKindForCounters])
def test_poison(world: World, scenario: type[Scenario]) -> None:
    scenario(world).run()


def test_a_message_refused_by_an_older_schema_counts_once_when_replayed(world: World) -> None:
    """The old position stays a dead letter; the copy at its own position counts."""
    world.make_topic()
    world.publish([("o1", event())])
    group = world.group("revenue")
    world.catch_up("revenue")
    world.documents.client.drop_database(world.name)
    world.admin.delete_consumer_groups([group.name])[group.name].result()
    ends = log_ends(world.admin, group.topics)
    topic_id, number = next(place for place, end in ends.items() if end)
    world.documents["_daybook_dead_letters"].insert_one(
        {
            "_id": f"{group.name}:{topic_id}:{number}:0",
            "group": group.name,
            "topic": world.topic(),
            "topic_id": topic_id,
            "partition": number,
            "offset": 0,
            "reason": "invalid",
            "detail": "data.currency: not known then",
            "at": datetime.now(UTC),
            "replayed": None,
        }
    )
    world.catch_up("revenue")
    days = world.documents["analytics_revenue"]
    assert days.count_documents({}) == 0
    records = DeadLetterRecords(world.documents, world.topic())
    found = list(records.find())
    assert [replay(world, records, found) for _ in range(2)] == [1, 0]
    world.catch_up("revenue")
    day = days.find_one({})
    assert day is not None
    assert (day["paid_orders"], day["gross_revenue_cents"]) == (1, 100)
    checks.assert_recounted_equal(world, "revenue")
