"""Generates irregular funnel traffic from a seed, and recounts it."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zlib import crc32

import pytest

from daybook.recount.compare.expected import expected_document
from daybook.recount.days import Days
from daybook.recount.groups import find
from daybook.recount.log import definitions
from daybook.recount.log.messages import Facts, LogReader, encoded
from daybook.recount.replay.replay import Replay
from daybook.recount.settings import Settings
from daybook.simulate.answer.entry import FUNNELS, TRACKING, Entry
from tests.support.recounting import TOPIC_ID, Written, reach

GROUP = find("funnel-step")
DEFINITIONS_ID = "DDDDDDDDDDDDDDDDDDDDDD"
PARTITIONS = 3
DAY_MS = 24 * 3600 * 1000
NOON_MS = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp() * 1000)
OWN_KEYS = {
    "email_confirmed": "o:order_id",
    "email_failed": "o:order_id",
    "barcode_scanned": "t:ticket_id",
}

WHAT_MEMORIES_HOLD = pytest.mark.parametrize(
    ("visitors", "sessions", "days"),
    [(8, 4, 3), (3, 70, 120), (2, 200, 60), (1, 2, 20)],
    ids=["a few", "35 days", "50 sessions", "500 events"],
)
"""Traffic that all memories hold, and that goes beyond each of their bounds."""


def key_of(entry: Entry) -> str:
    own = OWN_KEYS.get(entry.event["event_type"], "visitor_id")
    prefix, _, name = own.rpartition(":")
    return (f"{prefix}:" if prefix else "") + str(entry.event["data"][name])


@dataclass
class Kafka:
    """A log's entries as messages in partitions."""

    tracking: list[Written] = field(default_factory=list)
    published: list[Written] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)

    def take(self, entry: Entry) -> None:
        raw = json.dumps(entry.event).encode()
        if entry.topic == FUNNELS:
            key = entry.event["data"]["funnel_id"].encode()
            self.published.append(Written(0, len(self.published), entry.appended_ms, key, raw))
        elif entry.topic == TRACKING:
            key_text = key_of(entry)
            number = crc32(key_text.encode()) % PARTITIONS
            at = self.ends.get(number, 0)
            self.ends[number] = at + 1
            self.tracking.append(Written(number, at, entry.appended_ms, key_text.encode(), raw))


@contextmanager
def replayed(entries: Sequence[Entry], **settings: Any) -> Iterator[Replay]:
    """A replay of the log with the group's rules, limited to everything."""
    kafka = Kafka()
    for entry in entries:
        kafka.take(entry)
    reader = LogReader(GROUP.name, GROUP.event_types, GROUP.data_fields)
    publications = LogReader(GROUP.name, definitions.EVENT_TYPES, definitions.DATA_FIELDS)
    published = publications.read(kafka.published, Facts())
    with Replay(GROUP.rules, Settings(**settings)) as replay:
        replay.define(definitions.rows(DEFINITIONS_ID, published))
        replay.add(TOPIC_ID, encoded(reader.read(kafka.tracking, Facts())))
        replay.limit(reach())
        yield replay


def documents(replay: Replay) -> dict[tuple[str, str], dict[str, Any]]:
    """Every expected document with a nonzero sum."""
    models = replay.models
    found = {}
    for (collection, name), recounted in replay.results.documents(Days()).items():
        if any(recounted.sums.values()):
            found[collection, name] = expected_document(models[collection], name, recounted.sums)
    return found


class Traffic:
    """A generator with a seed; every event has an id of its own, except duplicates."""

    def __init__(self, seed: int, *, days: float = 3, visitors: int = 8, sessions: int = 4) -> None:
        self._random = random.Random(seed)
        self._now_ms = NOON_MS
        self._days, self._visitors, self._sessions = days, visitors, sessions
        self._number = seed * 10**6

    def entries(self, size: int) -> list[Entry]:
        entries = [self._definition("f"), self._definition("g")]
        pace = int(self._days * DAY_MS / size)
        for _ in range(size):
            self._now_ms += 1 + self._random.randrange(2 * pace)
            if self._random.random() < 0.02:
                entries.append(self._definition(self._random.choice("fgh")))
            elif self._random.random() < 0.01:
                known = [entry for entry in entries if entry.topic == FUNNELS]
                entries.append(self._duplicate(self._random.choice(known)))
            elif self._random.random() < 0.02 and len(entries) > 5:
                entries.append(self._duplicate(entries[-1 - self._random.randrange(5)]))
            else:
                entries.append(self._tracked())
        return entries

    def _duplicate(self, entry: Entry) -> Entry:
        copy = entry.event | {"event_id": entry.event["event_id"].upper()}
        return Entry(entry.topic, copy, self._now_ms)

    def _event(self, topic: str, kind: str, at_ms: int, data: dict[str, Any]) -> Entry:
        self._number += 1
        beyond = timedelta(microseconds=self._random.choice([0, 1, 499, 500, 999]))
        moment = datetime.fromtimestamp(at_ms / 1000, UTC) + beyond
        at = moment.isoformat(timespec="microseconds")
        event = {
            "event_id": str(UUID(int=self._number)),
            "event_type": kind,
            "occurred_at": at,
            "schema_version": 1,
            "data": data,
        }
        if self._random.random() < 0.2:
            event["organization_id"] = "o:1"
        return Entry(topic, event, self._now_ms)

    def _definition(self, funnel: str) -> Entry:
        pick = self._random
        steps = pick.sample("ABCDE", pick.randint(1, 5))
        data: dict[str, Any] = {
            "funnel_id": funnel,
            "name": "a funnel",
            "steps": [
                {"step_id": s, "name": s, "type": "page", "optional": pick.random() < 0.3}
                for s in steps
            ],
        }
        if pick.random() < 0.7:
            data["order"] = pick.choice(["strict", "ordered", "any"])
        if pick.random() < 0.3:
            data["exclusions"] = [pick.choice(steps)]
        if pick.random() < 0.7:
            data["window_seconds"] = 60 ** pick.randint(1, 3)
        return self._event(FUNNELS, "funnel.published", self._now_ms, data)

    def _tracked(self) -> Entry:
        pick = self._random
        at_ms = self._now_ms - pick.choice([0, 0, 1, 1000, 60_000, 3_600_000, DAY_MS, -3_600_000])
        if pick.random() < 0.3:
            at_ms -= at_ms % 60_000
        kind, data = pick.choice(_KINDS)(pick)
        if kind not in OWN_KEYS:
            visitor = f"v.{pick.randrange(self._visitors)}"
            data["visitor_id"] = visitor
            data["session_id"] = f"s{pick.randrange(self._sessions)}"
            if pick.random() < 0.8:
                data.setdefault("funnel_id", pick.choice("fg"))
            if pick.random() < 0.7:
                data["context"] = _context(pick)
            if pick.random() < 0.1:
                data |= pick.choice([{"page_id": "undeclared"}, {"step_id": "A"}, {"extra": 1}])
            if pick.random() < 0.1:
                data["user_id"] = pick.choice(["u:1", "u2"])
            if pick.random() < 0.1:
                data["metadata"] = pick.choice(_METADATA)
        return self._event(TRACKING, kind, at_ms, data)


_METADATA: list[dict[str, Any]] = [
    {},
    {"price": 12.0, "n": 2**40, "list": [1, None, {"a.b": "$c"}]},
    {"": "ü", "$date": 5, "1e2": 1e-7, "yes": True},
]


def _outcome(pick: random.Random) -> dict[str, Any]:
    outcome = pick.choice(["forward", "backward", "bounce", "close"])
    claims = _some(pick, next_step_id=pick.choice(["B", "exit"]), reason=pick.choice(["slow.", ""]))
    if outcome == "bounce":
        claims.pop("next_step_id", None)
    return {"exit_outcome": outcome} | claims


def _some(pick: random.Random, **values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if pick.random() < 0.6}


def _context(pick: random.Random) -> dict[str, Any]:
    context = _some(
        pick,
        source=pick.choice(["Google", "a.b", "direct", "other", ""]),
        channel=pick.choice(["Search", "Direct"]),
        device_type=pick.choice(["desktop", "mobile"]),
        browser=pick.choice(["Firefox", "$x"]),
        country=pick.choice(["DE", "CL"]),
        utm_campaign=pick.choice(["c1", "unattributed", "x" * 300]),
        landing_page=pick.choice(["/a", "/b"]),
    )
    if pick.random() < 0.1:
        reasons: list[list[str]] = [[], ["ua"], ["ua", "rate", "ua"]]
        context["bot"] = pick.choice(reasons)
    return context


def _paid(pick: random.Random) -> dict[str, Any]:
    if pick.random() < 0.3:
        return {}
    cents = pick.choice([0, 1, 250, 10**11])
    return {"value_cents": cents, "currency": pick.choice(["EUR", "EUR", "USD"])}


_KINDS: list[Callable[[random.Random], tuple[str, dict[str, Any]]]] = [
    lambda pick: ("page_view", _some(pick, page=pick.choice(["/a", "/b", ""]), page_id="p1")),
    lambda pick: ("page_view", _some(pick, page=pick.choice(["/a", "/b"]))),
    *[
        lambda pick: (
            "step_entry",
            {"funnel_id": pick.choice("fg"), "step_id": pick.choice("AABBCDEX")}
            | _some(pick, previous_step_id=pick.choice(["A", "direct"])),
        )
    ]
    * 3,
    lambda pick: (
        "step_exit",
        {"funnel_id": pick.choice("fg"), "step_id": pick.choice("ABCX")} | _outcome(pick),
    ),
    lambda pick: (
        "conversion",
        {
            "funnel_id": pick.choice("fg"),
            "conversion_type": pick.choice(["form_submit", "purchase", "signup", "custom"]),
        }
        | _some(pick, step_id=pick.choice("ABC"))
        | _paid(pick),
    ),
    lambda pick: (
        "experiment_exposed",
        {
            "funnel_id": pick.choice("fg"),
            "test_id": pick.choice(["t1", "t2"]),
            "variant_id": pick.choice("aaaab"),
        },
    ),
    lambda pick: (
        pick.choice(["view", "cart_add", "checkout_start"]),
        {"event_id": pick.choice(["e1", "e2"])},
    ),
    lambda pick: (
        "purchase",
        {"event_id": pick.choice(["e1", "e2"])} | _some(pick, quantity=3) | _paid(pick),
    ),
    lambda pick: (
        pick.choice(["email_confirmed", "email_failed"]),
        {"order_id": f"o{pick.randrange(9)}"} | _some(pick, event_id="e1"),
    ),
    lambda pick: ("barcode_scanned", {"ticket_id": f"t{pick.randrange(9)}", "event_id": "e1"}),
    lambda pick: ("engagement", {"seconds": 3.5}),
]
