"""A log written by hand, and the recount of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from daybook.recount.days import Days
from daybook.recount.groups import find
from daybook.recount.log.messages import Facts, LogReader, encoded
from daybook.recount.recounted import Marks
from daybook.recount.replay.replay import Replay
from daybook.recount.settings import Settings

TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAA"
EVERYTHING = 10**9


@dataclass(frozen=True, slots=True)
class Written:
    """A message with the interface of `confluent_kafka.Message`."""

    number: int
    at: int
    appended_ms: int
    raw_key: bytes | None
    raw: bytes | None
    raw_headers: list[tuple[str, bytes]] | None = None

    def partition(self) -> int:
        return self.number

    def offset(self) -> int:
        return self.at

    def timestamp(self) -> tuple[int, int]:
        return 2, self.appended_ms

    def key(self) -> bytes | None:
        return self.raw_key

    def value(self) -> bytes | None:
        return self.raw

    def headers(self) -> list[tuple[str, bytes]] | None:
        return self.raw_headers


@dataclass
class HandLog:
    """Partitions of one topic; every event has an id of its own unless `id` says otherwise."""

    messages: list[Written] = field(default_factory=list)
    _ends: dict[int, int] = field(default_factory=dict)

    def write(
        self,
        raw: bytes | None,
        key: str | None,
        partition: int = 0,
        offset: int | None = None,
        headers: list[tuple[str, bytes]] | None = None,
        appended: str = "2026-12-31T00:00:00Z",
    ) -> int:
        """Appends bytes; returns their offset."""
        at = self._ends.get(partition, 0) if offset is None else offset
        self._ends[partition] = at + 1
        appended_ms = int(datetime.fromisoformat(appended).timestamp() * 1000)
        raw_key = key.encode() if key is not None else None
        self.messages.append(Written(partition, at, appended_ms, raw_key, raw, headers))
        return at

    def event(
        self,
        event_type: str,
        data: dict[str, Any],
        at: str = "2026-01-01T10:00:00Z",
        id: int | str | None = None,
        organization: str | None = None,
        **where: Any,
    ) -> int:
        """Appends an event, keyed by its order or its user; returns its offset."""
        number = len(self.messages) + 10**6 if id is None else id
        event = {
            "event_id": number if isinstance(number, str) else str(UUID(int=number)),
            "event_type": event_type,
            "occurred_at": at,
            "schema_version": 1,
            "data": data,
        }
        if organization is not None:
            event["organization_id"] = organization
        key = data.get("order_id") or data.get("user_id")
        return self.write(json.dumps(event).encode(), key, **where)

    def order(
        self, kind: str, order: str = "o", at: str = "2026-01-01T10:00:00Z", **more: Any
    ) -> int:
        names = ("id", "organization", "partition", "offset", "headers")
        where = {name: more.pop(name) for name in names if name in more}
        return self.event(f"order.{kind}", {"order_id": order, **more}, at, **where)

    def pay(
        self,
        cents: int,
        order: str = "o",
        day: str = "2026-01-01",
        currency: str = "EUR",
        **more: Any,
    ) -> int:
        at = more.pop("at", f"{day}T10:00:00Z")
        return self.order(
            "payment_succeeded", order, at, amount_cents=cents, currency=currency, **more
        )

    def refund(self, cents: int, order: str = "o", day: str = "2026-01-02", **more: Any) -> int:
        return self.order("refunded", order, f"{day}T11:00:00Z", refund_cents=cents, **more)

    def reverse(self, cents: int, order: str = "o", day: str = "2026-01-03", **more: Any) -> int:
        at = f"{day}T12:00:00Z"
        return self.order("refund_failed", order, at, refund_cents=cents, **more)

    def attribute(self, order: str = "o", **owners: Any) -> int:
        return self.order("attribution_recorded", order, "2026-01-09T00:00:00Z", **owners)


@contextmanager
def replayed(
    log: HandLog, group: str = "revenue", facts: Facts | None = None, **settings: Any
) -> Iterator[Replay]:
    """A replay of the log with the group's rules, limited to everything."""
    recounted = find(group)
    reader = LogReader(recounted.name, recounted.event_types, recounted.data_fields)
    with Replay(recounted.rules, Settings(**settings)) as replay:
        replay.add(TOPIC_ID, encoded(reader.read(log.messages, facts or Facts())))
        replay.limit(reach())
        yield replay


def reach(last: int = EVERYTHING, *partitions: int) -> Marks:
    return {(TOPIC_ID, number): last for number in partitions or range(4)}


def sums(replay: Replay, *parts: str) -> dict[str, dict[str, int]]:
    """The nonzero sums by document, limited to paths that begin with one of the parts."""
    found: dict[str, dict[str, int]] = {}
    for (_, document), recounted in replay.results.documents(Days()).items():
        chosen = {
            path: amount
            for path, amount in recounted.sums.items()
            if amount and (not parts or path.startswith(parts))
        }
        if chosen:
            found[document] = chosen
    return found


def counted(
    log: HandLog, *parts: str, group: str = "revenue", facts: Facts | None = None, **settings: Any
) -> dict[str, dict[str, int]]:
    """The nonzero sums of the whole log, by document."""
    with replayed(log, group, facts, **settings) as replay:
        return sums(replay, *parts)
