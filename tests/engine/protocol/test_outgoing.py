"""Items that a group sends reach its feed in order, none is lost, and repetitions are known."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.outgoing import Feed, Outgoing
from daybook.engine.documents.state import State, StateModel
from daybook.engine.errors import Unavailable
from daybook.engine.group import Arrival, Group, Result
from daybook.engine.partition import Partition
from schemas.catalogue import source
from tests.fakes.memory_store import MemoryStore
from tests.support.log import LogMessage
from tests.support.runner import FakeDeadLetters, Lane, Runner

TOPIC = "sc.domain.order"
HERE = Partition(TOPIC, "incarnation", 3)
ARRIVED_MS = 1_800_000_000_000
SHARDS = 2

States = StateModel("relay_state", lambda key: {"number": 0})


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, state: State, rules: Rules
) -> Iterator[Result]:
    """Sends the number of each order's event to the order's shard."""
    state["number"] += 1
    order = event["data"]["order_id"]
    yield Outgoing(int(order) % SHARDS, [order, state["number"]])


def pack(partition: Partition, items: Sequence[tuple[int, Any]]) -> Iterable[bytes]:
    yield json.dumps([partition.number, items]).encode()


GROUP = Group(
    name="sc-analytics-relay",
    sources=(source(TOPIC),),
    documents=(),
    schema_revision=1,
    state=States,
    react=react,
    feed=Feed("sc.analytics.relay", pack, "relayed"),
)


def confirmed(at: int, order: int) -> LogMessage:
    event = {
        "event_id": f"00000000-0000-0000-0000-{at:012x}",
        "event_type": "order.confirmed",
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "data": {"order_id": str(order)},
    }
    return LogMessage(at, json.dumps(event).encode(), str(order).encode(), ARRIVED_MS)


class Died(Exception):
    """The member dies here."""


class Relay:
    """Members of the group, whose feed is a list a shard."""

    def __init__(self, orders: Sequence[int]) -> None:
        self.log = [confirmed(at, order) for at, order in enumerate(orders)]
        self.lane = Lane(HERE, self.log)
        self.store = MemoryStore()
        self.feed: dict[int, list[tuple[int, list[Any]]]] = {n: [] for n in range(SHARDS)}
        self.fails: list[type[Exception] | None] = []

    def member(self) -> Runner:
        return Runner(self.store, FakeDeadLetters(), GROUP, self.lane, send=self.send)

    def send(self, messages: Mapping[int, Iterable[bytes]]) -> None:
        for shard, values in messages.items():
            if self.fails and (failure := self.fails.pop()):
                raise failure
            for value in values:
                number, items = json.loads(value)
                assert number == HERE.number
                self.feed[shard] += [tuple(item) for item in items]

    def received(self) -> dict[int, list[list[Any]]]:
        """What a reader keeps that skips items at or below the last offset it has."""
        kept: dict[int, list[list[Any]]] = {}
        for shard, items in self.feed.items():
            last, kept[shard] = -1, []
            for offset, item in items:
                if offset > last:
                    kept[shard].append(item)
                    last = offset
        return kept

    def states(self) -> dict[str, Any]:
        table = self.store.collections.get("relay_state", {})
        return {key: state["number"] for key, state in table.items()}


ORDERS = [0, 1, 0, 2, 1, 0]
ALL = {0: [["0", 1], ["0", 2], ["2", 1], ["0", 3]], 1: [["1", 1], ["1", 2]]}


def test_items_go_to_their_partitions_in_order_with_their_offsets() -> None:
    relay = Relay(ORDERS)
    relay.member().settle(len(ORDERS))
    assert relay.received() == ALL
    assert [offset for offset, _ in relay.feed[0]] == [0, 2, 3, 5]
    assert relay.states() == {"0": 3, "1": 2, "2": 1}


def test_items_are_sent_before_the_states_say_so() -> None:
    relay = Relay(ORDERS)
    relay.fails = [Died]
    with pytest.raises(Died):
        relay.member().settle(len(ORDERS))
    assert set(relay.states().values()) == {0}


def test_while_the_feed_is_away_the_batch_is_repeated() -> None:
    relay = Relay(ORDERS)
    relay.fails = [None, Unavailable, None, Unavailable]
    relay.member().settle(len(ORDERS))
    assert relay.received() == ALL


def test_what_a_state_has_taken_is_not_sent_again() -> None:
    relay = Relay(ORDERS)
    relay.member().settle(len(ORDERS))
    relay.member().settle(len(ORDERS))
    assert len(relay.feed[0]) == len(ALL[0])


@pytest.mark.parametrize("seed", range(5))
def test_whatever_dies_and_wakes_up_late_a_reader_gets_every_item_once_in_order(seed: int) -> None:
    pick = random.Random(seed)
    for _ in range(40):
        orders = [pick.randrange(4) for _ in range(pick.randint(1, 20))]
        relay, whole = Relay(orders), Relay(orders)
        whole.member().settle(len(orders))
        members = [relay.member()]
        while members[-1].next < len(orders):
            relay.fails = [pick.choice((None, None, Died)) for _ in range(3)]
            member = pick.choice(members[-2:])
            try:
                member.settle(pick.randint(1, 5))
            except Died:
                members.append(relay.member())
            if pick.random() < 0.5:
                relay.lane.checkpoint = max(relay.lane.checkpoint, member.next)
        assert relay.received() == whole.received()
        assert relay.states() == whole.states()
