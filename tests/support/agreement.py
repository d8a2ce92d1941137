"""Whether the revenue group and its recount agree about a log, in each document and each state."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from bson import Int64

from consumers import revenue
from daybook.engine.partition import Partition
from daybook.funnels import order_revenue
from daybook.recount.compare.documents import unequal_fields
from daybook.recount.days import Days
from daybook.recount.replay.replay import Replay
from tests.fakes.memory_store import MemoryStore
from tests.support.log import LogMessage
from tests.support.recounting import TOPIC_ID, HandLog, reach, replayed
from tests.support.runner import FakeDeadLetters, Lane, Runner


def differences(log: HandLog, batch: int, refunds_kept: int = 1_000) -> list[Any]:
    """The differences after each batch of messages, up to the first batch that has any."""
    store = MemoryStore()
    lane = Lane(Partition("sc.domain.order", TOPIC_ID, 0), _messages(log))
    runner = Runner(store, FakeDeadLetters(), revenue.GROUP, lane)
    replaying = replayed(log, duplicate_window=6, order_waiting_max=refunds_kept)
    with _kept(refunds_kept), replaying as replay:
        while runner.next < len(lane.log):
            runner.settle(batch)
            replay.limit(reach(runner.next - 1))
            if found := _differences(replay, store):
                return found
    return []


def _messages(log: HandLog) -> list[LogMessage]:
    return [LogMessage(m.at, m.raw, m.raw_key, m.appended_ms) for m in log.messages]


@contextmanager
def _kept(refunds: int) -> Iterator[None]:
    with (
        patch.object(order_revenue, "WAITING_REFUNDS_MAX", refunds),
        patch.object(revenue, "WAITING_REFUNDS_MAX", refunds),
    ):
        yield


def _differences(replay: Replay, store: MemoryStore) -> list[Any]:
    models, found = replay.models, replay.results.documents(Days())
    different: list[Any] = []
    for model in revenue.GROUP.documents:
        collection = model.collection
        stored = store.collections.get(collection, {})
        recounted = {name for kind, name in found if kind == collection}
        different += [(collection, name) for name in stored.keys() ^ recounted]
        for name in stored.keys() & recounted:
            sums, as_stored = found[collection, name].sums, _stored_form(stored[name])
            different += unequal_fields(models[collection], name, sums, as_stored, 1_000)
    stored_rows = {
        name: {field: value for field, value in row.items() if field != "_daybook"}
        for name, row in store.collections.get("orders", {}).items()
    }
    recounted_rows = dict(replay.results.states("orders"))
    if stored_rows != recounted_rows:
        different.append(("orders", stored_rows, recounted_rows))
    for name, state in replay.results.states("order_state"):
        kept = {n: v for n, v in store.collections["order_state"][name].items() if n in state}
        kept["event_ids"] = [event_id.hex() for event_id in kept["event_ids"]]
        if kept != state:
            different.append((name, kept, state))
    return different


def _stored_form(document: dict[str, Any]) -> dict[str, Any]:
    """The document as MongoDB returns it: integers as int64, and a date."""

    def int64s(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: int64s(each) for name, each in value.items()}
        return Int64(value) if type(value) is int else value

    stored: dict[str, Any] = int64s(document)
    return stored | {"date": datetime.fromisoformat(f"{document['date']}T00:00:00+00:00")}
