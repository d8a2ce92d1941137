"""Messages outside their key's home partition that no member has read are not recounted."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from daybook.recount.log.messages import Facts
from daybook.recount.recounted import Document
from daybook.recount.replay.strays import strays
from tests.support.recounting import TOPIC_ID, HandLog, replayed


def state(partition: int, epoch: int = 0, **applied: int) -> Document:
    home = {"topic_id": TOPIC_ID, "partition": partition, "epoch": epoch}
    return {"_id": "o", "home": home, "_daybook": {"applied": {TOPIC_ID: applied}}}


def at_home(stored: Document, names: Sequence[str]) -> list[Document]:
    assert names == ["o"]
    return [stored]


def test_unread_messages_outside_the_home_partition_do_not_affect_an_order() -> None:
    log = HandLog()
    log.pay(500, id=1)
    log.refund(100, id=2)
    log.refund(200, id=3, partition=1)

    with replayed(log) as replay:
        replay.limit({(TOPIC_ID, 0): 1})
        assert dict(replay.results.states("order_state"))["o"]["refunded_cents"] == 300
        found = strays(replay, "order_state", partial(at_home, state(0, **{"0": 1})))
        assert found == {1: frozenset({0})}
        replay.exclude_dead(found)

        recounted = dict(replay.results.states("order_state"))["o"]
    assert recounted["refunded_cents"] == 100
    assert recounted["event_ids"] == [UUID(int=number).hex for number in (1, 2)]


def test_messages_at_home_or_counted_or_written_after_partitions_were_added_are_no_strays() -> None:
    log = HandLog()
    log.pay(500)
    log.refund(1)
    log.refund(2, partition=1)
    log.refund(3, partition=1)
    with replayed(log, facts=Facts(boundaries=({0: 2, 1: 0},))) as replay:
        replay.limit({(TOPIC_ID, 0): 0})
        for home, expected in (
            (state(0), {}),
            (state(1, 1), {0: frozenset({1})}),
            (state(1, 1, **{"0": 1}), {}),
            ({"_id": "o", "home": "nowhere"}, {}),
        ):
            assert strays(replay, "order_state", partial(at_home, home)) == expected, home


def test_keys_in_a_single_partition_have_no_strays() -> None:
    log = HandLog()
    log.pay(500, "a")
    log.pay(500, "b", partition=1)
    with replayed(log) as replay:
        replay.limit({})
        assert strays(replay, "order_state", lambda names: []) == {}
