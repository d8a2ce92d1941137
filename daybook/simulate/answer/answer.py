"""Computes the known answer of a log: every document that its events count in."""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import IO
from zlib import crc32
from zoneinfo import ZoneInfo

from daybook.simulate.answer import orders, tickets, users, visitor
from daybook.simulate.answer.deed import BY_OTHER_KEYS, Deed, deed
from daybook.simulate.answer.definitions import Definitions
from daybook.simulate.answer.entry import FUNNELS, ORDERS, TRACKING, USERS, Entry, Event
from daybook.simulate.answer.keys import event_key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.render import Line, lines

UTC = ZoneInfo("UTC")
LEADERS = frozenset({"leader", "admin"})
_BUCKETS = 64
_BUCKET_BYTES_IN_MEMORY = 2**20


def answer(
    log: Iterable[Entry], zone: ZoneInfo = UTC, leaders: frozenset[str] = LEADERS
) -> list[Line]:
    """The documents that a log gives. `zone`: the zone of the days; `leaders`: leaders' roles."""
    with Answer(zone, leaders) as known:
        for entry in log:
            known.take(entry)
        return list(known.lines())


class Answer(ExitStack):
    """Collects a log's entries, in order, and computes the documents.

    Events are kept in temporary files, bucketed by key, which are deleted when the context exits.
    """

    def __init__(self, zone: ZoneInfo = UTC, leaders: frozenset[str] = LEADERS) -> None:
        super().__init__()
        self._zone = zone
        self._leaders = leaders
        self._definitions = Definitions()
        self._place = 0
        self._buckets = [self.enter_context(_bucket()) for _ in range(_BUCKETS)]

    def take(self, entry: Entry) -> None:
        """Adds the log's next entry; topics that no document counts are ignored."""
        self._place += 1
        if entry.topic == FUNNELS:
            self._definitions.take(entry.event, self._place)
        elif entry.topic in _KEYS:
            key = _KEYS[entry.topic](entry.event)
            line = json.dumps([entry.topic, key, self._place, entry.appended_ms, entry.event])
            bucket = crc32(key.encode()) % _BUCKETS
            self._buckets[bucket].write(line.encode() + b"\n")

    def lines(self) -> Iterator[Line]:
        """The documents of all entries taken; no entry can be taken afterwards."""
        ledger = Ledger()
        for bucket in self._buckets:
            bucket.seek(0)
            self._count(ledger, bucket)
        yield from lines(ledger)

    def _count(self, ledger: Ledger, bucket: Iterable[bytes]) -> None:
        histories: dict[tuple[str, str, str], list[Deed]] = defaultdict(list)
        seen: set[tuple[str, str]] = set()
        for line in bucket:
            topic, key, place, appended_ms, event = json.loads(line)
            one = deed(event, place, appended_ms, self._zone)
            own_id = one.organization, event_key(event["event_id"])
            if own_id in seen:
                continue
            seen.add(own_id)
            owner = one.organization if topic == TRACKING else ""
            histories[topic, owner, key].append(one)
        for (topic, organization, _), history in histories.items():
            if topic == ORDERS:
                orders.count(ledger, history)
            elif topic == USERS:
                users.count(ledger, self._leaders, history)
            elif history[0].kind in BY_OTHER_KEYS:
                tickets.count_served(ledger, organization, history)
            else:
                visitor.count(ledger, self._definitions, organization, history)


def _bucket() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(_BUCKET_BYTES_IN_MEMORY)


def _tracking_key(event: Event) -> str:
    """The message key, except that keys of orders and tickets have a space after the prefix, so
    that they differ from any visitor's id."""
    match event["event_type"]:
        case "email_confirmed" | "email_failed":
            return f"o: {event['data']['order_id']}"
        case "barcode_scanned":
            return f"t: {event['data']['ticket_id']}"
        case _:
            return str(event["data"]["visitor_id"])


_KEYS: dict[str, Callable[[Event], str]] = {
    TRACKING: _tracking_key,
    ORDERS: lambda event: str(event["data"]["order_id"]),
    USERS: lambda event: str(event["data"]["user_id"]),
}
