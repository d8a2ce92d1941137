"""Messages that pass, or nearly pass, the schemas, and would end what reads them."""

import gzip
import json
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

from attack.attack import Attack, Sent, Target
from attack.publishing import (
    EVENTS,
    FUNNELS,
    ORDERS,
    TOPICS,
    TRACKING,
    Published,
    Publisher,
    event,
    message,
)
from attack.stored_examples import leaves, replaced, stored_examples

DATES = (
    "2026-02-31T00:00:00Z", "2026-11-20T10:00:60Z", "2026-11-20T24:00:00Z",
    "2026-13-01T00:00:00Z", "2026-11-20T10:00:00+99:99", "2026-11-20T10:00:00-24:00",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "1989-12-31T23:59:59Z", "2101-01-01T00:00:00Z", "2026-11-20T10:00:00",
)  # fmt: skip
"""Each matches the pattern of a time, or nearly, and is none that Daybook can count."""

TEXTS = (
    "\ud800", "\udc00", "a\ud83d", "\0", "a\0b", "$where", "$", ".", "a.b", "..", "", " ", "%",
    "__proto__", "$ref", "_id", "\u2028", "\ufeff", "\U0010ffff", "=1+1", "x" * 1_024, "𝒳" * 1_024,
    "é" * 128, "other", "unattributed", "direct", "exit",
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 2**53, 2**63 - 1, 2**63, 2**64, 10**40, 1e308, [], {}, [[]], [None],
    {"$ref": "x", "$id": "y"}, {"": 0}, "1", *TEXTS,
)  # fmt: skip

_MONEY_MAX = 2**53 - 1
_TRACKING_MONEY_MAX = 10**11
_MIB = 2**20
_SEED = 20261127


def impossible_dates(target: Target) -> Sent:
    """Every date of every stored example, each replaced by dates that are none."""
    publisher = Publisher(target)
    for example in stored_examples():
        places = [path for path, value in leaves(example.event) if _is_moment(value)]
        bodies = [replaced(example.fresh(), path, date) for path in places for date in DATES]
        publisher.publish(example.entry, [message(example.key_of(body), body) for body in bodies])
    return Sent(f"{publisher} with {len(DATES)} dates in every date field")


def largest_amounts(target: Target) -> Sent:
    """Amounts whose sum over a day overflows 64 bits."""
    publisher = Publisher(target)
    publisher.publish(ORDERS, _orders_of_largest_amounts())
    ticket = {"event_id": "dear", "quantity": 1_000_000, "value_cents": _TRACKING_MONEY_MAX}
    own = {"session_id": "s", "funnel_id": "dear", "currency": "EUR"}
    bought = [
        message(f"rich-{n}", event("purchase", own | ticket | {"visitor_id": f"rich-{n}"}))
        for n in range(1_100)
    ]
    publisher.publish(TRACKING, bought)
    return Sent(f"{publisher} with amounts up to 2^53-1")


def _orders_of_largest_amounts() -> Iterator[Published]:
    item = {"product_id": "p", "quantity": 1, "price_cents": _MONEY_MAX // 3}
    money = {"currency": "EUR", "amount_cents": _MONEY_MAX}
    # So many that the sum overflows within one partition's batch, too.
    for number in range(7_000):
        own = {"order_id": f"dear-{number}"}
        created = {"currency": "EUR", "total_cents": _MONEY_MAX, "items": [item] * 3}
        for event_type, data in (
            ("order.created", created | {"funnel_id": "dear", "step_id": "pay"}),
            ("order.payment_succeeded", money),
            ("order.attribution_recorded", {"community_id": "c"}),
            ("order.refunded", {"refund_cents": _MONEY_MAX}),
        ):
            yield message(own["order_id"], event(event_type, own | data))


def zeros_in_metadata(target: Target) -> Sent:
    """4 kB of JSON that are 20 kB of BSON, in each of the 500 events that a session keeps."""
    metadata = {"z": [0] * 2_035}
    own = {"visitor_id": "zeros", "session_id": "s", "funnel_id": "zeros", "name": "z"}
    body = own | {"metadata": metadata, "properties": metadata}
    publisher = Publisher(target)
    publisher.publish(TRACKING, [message("zeros", event("custom", body)) for _ in range(500)])
    return Sent(f"{publisher} of one session, each with 2 × 2,035 zeros")


def long_pages(target: Target) -> Sent:
    """Everything that is remembered of a visitor, as long as the schema lets it be."""
    publisher = Publisher(target)
    pages = (f"/{number}/" + "𝒳" * 1_000 for number in range(2_400))
    bodies = (
        {
            "visitor_id": "reader",
            "session_id": f"s{number // 490}",
            "funnel_id": f"f{number % 7}",
            "page": page,
            "context": {"source": page, "utm_campaign": page, "landing_page": page},
        }
        for number, page in enumerate(pages)
    )
    publisher.publish(TRACKING, [message("reader", event("page_view", body)) for body in bodies])
    return Sent(f"{publisher} of one visitor, with pages and contexts of 4 kB each")


def largest_definitions(target: Target) -> Sent:
    """Definitions as large as the schema lets them be, again and again."""
    publisher = Publisher(target)
    for steps, name_chars, times in ((50, 460, 300), (20, 128, 700)):
        versions = (_definition(steps, name_chars, version) for version in range(times))
        publisher.publish(
            FUNNELS, (message("vast", event("funnel.published", v)) for v in versions)
        )
    tests = (_experiment(version) for version in range(100))
    publisher.publish(FUNNELS, (message("vast", event("ab_test.started", test)) for test in tests))
    shows = ({"event_id": "vast", "name": "𝒳" * 1_024, "capacity": n} for n in range(500))
    publisher.publish(EVENTS, (message("vast", event("event.published", show)) for show in shows))
    enters = (
        {"visitor_id": f"vast-{n}", "session_id": "s", "funnel_id": "vast", "step_id": _long_id(n)}
        for n in range(300)
    )
    publisher.publish(
        TRACKING, [message(data["visitor_id"], event("step_entry", data)) for data in enters]
    )
    return Sent(f"{publisher}: versions of one funnel, experiment and ticketed event")


def _definition(steps: int, name_chars: int, version: int) -> dict[str, Any]:
    return {
        "funnel_id": "vast",
        "name": f"version {version}",
        "exclusions": [_long_id(n) for n in range(steps)],
        "steps": [
            {"step_id": _long_id(n), "name": "n" * name_chars, "type": "t" * name_chars}
            for n in range(steps)
        ],
    }


def _experiment(version: int) -> dict[str, Any]:
    variants = [
        {
            "variant_id": _long_id(n),
            "name": f"{n:v>1024}",
            "is_control": not n,
            "traffic_split": 5,
        }
        for n in range(20)
    ]
    return {"funnel_id": "vast", "test_id": f"t{version % 3}", "name": "t", "variants": variants}


def _long_id(number: int) -> str:
    return f"{number:-<128}"


def waiting_refunds(target: Target) -> Sent:
    """Refunds of orders that nobody ever created, all of which wait."""
    publisher = Publisher(target)
    refunds = (
        message("never", event("order.refunded", {"order_id": "never", "refund_cents": n}))
        for n in range(100_000)
    )
    publisher.publish(ORDERS, refunds)
    return Sent(f"{publisher}: refunds of an order that never was")


def map_keys(target: Target) -> Sent:
    """More names in a day than any document should hold, each as long as it may be."""
    publisher, names = Publisher(target), count()

    def name(kind: str) -> str:
        return f"{kind} {next(names)} " + "ł" * 60

    def view(visitor: str) -> dict[str, Any]:
        context = {n: name(n) for n in ("source", "utm_source", "utm_campaign", "country", "os")}
        own = {"visitor_id": visitor, "session_id": "s", "funnel_id": "keys"}
        return own | {"page": name("page"), "context": context}

    viewed = (view(f"keys-{number % 400}") for number in range(15_000))
    publisher.publish(
        TRACKING, (message(data["visitor_id"], event("page_view", data)) for data in viewed)
    )
    publisher.publish(ORDERS, _named_orders(10_000))
    return Sent(f"{publisher} with {next(names) + 30_000:,} names of pages, sources, products")


def _named_orders(orders: int) -> Iterator[Published]:
    for number in range(orders):
        order = f"keys-{number}"
        items = [{"product_id": f"{order}-{n}", "quantity": 1, "price_cents": 1} for n in range(2)]
        created = {"currency": "EUR", "total_cents": 2, "funnel_id": "keys", "items": items}
        yield message(order, event("order.created", created | {"order_id": order}))
        touch = {"order_id": order, "community_id": f"c-{number}", "source": f"s-{number}"}
        yield message(order, event("order.attribution_recorded", touch))
        paid = {"order_id": order, "currency": "EUR", "amount_cents": 2}
        yield message(order, event("order.payment_succeeded", paid))


def hostile_texts(target: Target) -> Sent:
    """Halves of characters, NUL and names with a meaning to MongoDB, in every text there is."""
    publisher = Publisher(target)
    for example in stored_examples():
        places = [path for path, value in leaves(example.event) if isinstance(value, str)]
        bodies = [
            replaced(example.fresh(), path, text)
            for path in places
            for text in TEXTS
            if path[0] == "data"
        ]
        publisher.publish(example.entry, [message(example.key_of(body), body) for body in bodies])
    own = {"visitor_id": "names", "session_id": "s", "funnel_id": "names", "name": "n"}
    named = [
        event("custom", own | {"metadata": {text: {text: text}}, "properties": {text: [text]}})
        for text in TEXTS
    ]
    publisher.publish(TRACKING, [message("names", body) for body in named])
    return Sent(f"{publisher} with {len(TEXTS)} hostile texts in every text and name")


def replaced_leaves(target: Target) -> Sent:
    """Every stored example, with each leaf replaced by everything that it should not be."""
    publisher = Publisher(target)
    for example in stored_examples():
        places = [path for path, _ in leaves(example.event)]
        bodies = [replaced(example.fresh(), path, value) for path in places for value in VALUES]
        publisher.publish(example.entry, [message(example.key_of(body), body) for body in bodies])
    return Sent(f"{publisher}: stored examples, each leaf replaced by {len(VALUES)} values")


def random_bytes(target: Target) -> Sent:
    """Bytes that are no message at all, and messages of which some bytes are changed."""
    publisher, chance = Publisher(target), random.Random(_SEED)
    for entry in TOPICS:
        noise = [(f"noise-{n}", chance.randbytes(chance.randrange(2_000))) for n in range(300)]
        publisher.publish(entry, noise)
    for example in stored_examples():
        publisher.publish(
            example.entry,
            [(example.key, _damaged(json.dumps(example.fresh()), chance)) for _ in range(20)],
        )
    deep = [("deep", b"[" * depth) for depth in (100, 10_000, 500_000)]
    for entry in TOPICS:
        publisher.publish(entry, [*deep, ("number", b"1" * 500_000), ("open", b'{"a":' * 50_000)])
    return Sent(f"{publisher}: random bytes, and examples with bytes changed")


def _damaged(text: str, chance: random.Random) -> bytes:
    body = bytearray(text.encode())
    for _ in range(chance.randint(1, 4)):
        body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body)


def tombstones_and_wrong_keys(target: Target) -> Sent:
    """Deletions by key, keys that are wrong, missing, huge or no text, and forged headers."""
    publisher = Publisher(target)
    forged = {
        "daybook-group": b"sc-analytics-revenue",
        "daybook-topic-id": b"\xff\xfe",
        "daybook-partition": b"-1",
        "daybook-offset": b"999999999999999999999",
        "daybook-reason": b"\0",
        "daybook-replay-of": b"\xff" * 1_000,
    }
    for example in stored_examples():
        keys: list[str | bytes | None] = [
            None, "", "x", b"\xff\xfe", b"\0", "k" * 100_000, f" {example.key}", example.key,
        ]  # fmt: skip
        values = [json.dumps(example.fresh()).encode() for _ in keys]
        publisher.publish(example.entry, zip(keys, values, strict=True))
        publisher.publish(example.entry, [(key, None) for key in keys])
        again = [(example.key, json.dumps(example.fresh()).encode())]
        publisher.publish(example.entry, again, forged)
        publisher.publish(example.entry, again, partition=0)
    return Sent(f"{publisher}: no value, other keys, another partition, forged headers")


def largest_messages(target: Target) -> Sent:
    """Messages as large as the topic takes, which a dead letter's headers make larger still."""
    publisher, chance = Publisher(target), random.Random(_SEED)
    for entry in TOPICS:
        # Random, so that no compression makes room for headers. The broker counts the batch and
        # the key around the value, too.
        for size in (8 * _MIB - 100, 8 * _MIB - 500, 5 * _MIB, _MIB + 1, _MIB - 400):
            publisher.publish(entry, [("large", chance.randbytes(size))])
    items = [{"product_id": f"p{n}", "quantity": 1, "price_cents": 1} for n in range(15_000)]
    created = {"order_id": "long", "currency": "EUR", "total_cents": 15_000, "items": items}
    publisher.publish(ORDERS, [message("long", event("order.created", created))])
    touches = [{"source": "s" * 1_000, "at": "2026-11-20T10:00:00Z"}] * 950
    recorded = {"order_id": "long", "community_id": "c", "touches": touches}
    publisher.publish(ORDERS, [message("long", event("order.attribution_recorded", recorded))])
    return Sent(f"{publisher} of up to 8 MiB")


def packed_zeros(target: Target) -> Sent:
    """30 MiB that the producer packs into some kilobytes, so that the topic takes them."""
    body = b'{"x":"' + b"0" * 30 * _MIB + b'"}'
    total = 0
    for codec in ("gzip", "zstd", "lz4"):
        publisher = Publisher(target, **{"compression.type": codec})
        for entry in TOPICS:
            publisher.publish(entry, [("bomb", body)])
        total += publisher.count
    gzipped = Publisher(target)
    gzipped.publish(TRACKING, [("bomb", gzip.compress(body))])
    return Sent(f"{total + gzipped.count:,} messages of 30 MiB in some kilobytes")


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T"


def _old(days: int) -> timedelta:
    return timedelta(days=days)


def far_away_days(target: Target) -> Sent:
    """Valid events of every year that the schema takes, each of which makes documents."""
    publisher = Publisher(target)
    own = {"visitor_id": "old", "session_id": "s", "funnel_id": "old", "page": "/"}
    bodies = [event("page_view", own, ago=_old(days)) for days in range(-3, 13_700, 7)]
    publisher.publish(TRACKING, [message("old", body) for body in bodies])
    orders = [
        event(
            "order.created", {"order_id": f"o{n}", "currency": "EUR", "total_cents": 1}, ago=_old(n)
        )
        for n in range(0, 13_700, 7)
    ]
    publisher.publish(ORDERS, [message(body["data"]["order_id"], body) for body in orders])
    return Sent(f"{publisher} of 37 years, by one visitor and 1,958 orders")


ATTACKS = (
    Attack("impossible dates", impossible_dates),
    Attack("amounts that overflow", largest_amounts, (), 60, 60),
    Attack("zeros in metadata", zeros_in_metadata),
    Attack("long pages of one visitor", long_pages, (), 60, 60),
    Attack("largest definitions", largest_definitions, (), 90, 60),
    Attack("refunds that wait", waiting_refunds, (), 90, 60),
    Attack("tens of thousands of map keys", map_keys, (), 90, 90),
    Attack("hostile texts and names", hostile_texts, (), 60, 60),
    Attack("every leaf replaced", replaced_leaves, (), 90, 90),
    Attack("random bytes", random_bytes),
    Attack("tombstones, keys, headers", tombstones_and_wrong_keys),
    Attack("largest messages", largest_messages),
    Attack("30 MiB packed into kilobytes", packed_zeros, (), 60, 60),
    Attack("days of 37 years", far_away_days),
)
