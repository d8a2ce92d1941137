"""Tracking calls that cost the collector much more than they cost their sender."""

import gzip
import json
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

from attack.attack import Attack, Judged, Sent, Target
from attack.calls import Reply, Statuses, track
from daybook.engine.mongo.client import database

_SECONDS, _CALLERS = 5.0, 2
_BODY_BYTES = 1_000_000
_INVENTED = 11_000
_INVENT_SECONDS_MAX = 40.0
_LOOKUPS_MAX = 2_000
"""Of keys that do not exist, by one address."""

_BURST, _RATE = 500, 100
"""Events of one address at once, and a second: the collector's defaults."""

_TRACKING: tuple[Judged, ...] = ("tracking",)
_AGENT_CHARS = (200, 500, 1_000, 1_500)
_FILLINGS = ("a", "shop", "cp", " ", "x-", "é", "%61", "shopping ", "ſ", "1.")


def campaigns(target: Target) -> Sent:
    """Long texts for the patterns that say which channel a visitor came by."""
    bodies = [
        _event(
            utm_campaign=_filled(filling, size),
            utm_medium=_filled(filling, size),
            utm_source=_filled(filling, size),
            referrer=f"https://x.example/{_filled(filling, size)}",
        )
        for size in (32_000, 160_000)
        for filling in _FILLINGS
    ]
    bodies += [_event(utm_campaign=_filled(filling, 500_000)) for filling in _FILLINGS]
    statuses = _repeat(target, "127.4.1.", bodies)
    return Sent(f"utm texts of 32 to 500 kB ({statuses})", statuses.faults())


def long_urls(target: Target) -> Sent:
    """A batch of 120 pages, each with an address of 8 kB."""
    queries = (
        "utm_campaign=" + "shop" * 2_000,
        "&".join(["a=1"] * 2_000),
        "%" * 8_000,
        ";" * 8_000,
    )
    hosts = ("x" * 8_000, "[" * 8_000, "a." * 4_000, "@" * 8_000)
    urls = [f"https://shop.example/?{query}" for query in queries]
    urls += [f"https://{host}/" for host in hosts]
    bodies = [[_fields(url=url, referrer=url) for _ in range(60)] for url in urls]
    bodies += [[_fields(url=url, landing_page=url) for url in urls * 15]]
    statuses = _repeat(target, "127.4.2.", bodies)
    return Sent(f"batches of 60 to 120 events with long addresses ({statuses})", statuses.faults())


def packed_lists(target: Target) -> Sent:
    """Bodies of a kilobyte that unpack to a megabyte of small JSON values."""
    texts = [
        b"[" + b",".join([filling] * (_BODY_BYTES // (len(filling) + 1))) + b"]"
        for filling in (b"[]", b"{}", b"0", b'""', b"null", b"[[]]", b'{"a":[]}')
    ]
    texts += [b'{"events":' + text[: _BODY_BYTES - 20] for text in texts]
    bodies = [gzip.compress(text) for text in texts]
    statuses = _repeat(target, "127.4.3.", bodies, {"Content-Encoding": "gzip"})
    return Sent(f"340,000 empty values in 1 kB ({statuses})", statuses.faults())


def gzip_bombs(target: Target) -> Sent:
    """Bodies that unpack to 200 MB, and many gzip streams one after the other."""
    bomb = gzip.compress(b"0" * 200_000_000, 9)
    empty = gzip.compress(b"")
    bodies = [
        bomb,
        bomb[: len(bomb) // 2],
        empty * 20_000,
        gzip.compress(bomb),
        bomb[:-8] + b"x" * 8,
    ]
    statuses = _repeat(target, "127.4.4.", bodies, {"Content-Encoding": "gzip"})
    return Sent(f"200 MB in 200 kB ({statuses})", statuses.faults())


def user_agents(target: Target) -> Sent:
    """Batches of 500 events, each with a user agent that nobody has seen before."""

    bodies = [
        [_fields(user_agent=_agent(uuid.uuid4().hex, chars)) for chars in _AGENT_CHARS * 125]
        for _ in range(30)
    ]
    statuses = _repeat(target, "127.4.5.", bodies)
    return Sent(f"batches of 500 new user agents ({statuses})", statuses.faults())


def _agent(name: str, chars: int) -> str:
    text = f"Mozilla/5.0 (Linux; Android 14; {name}) AppleWebKit/537.36 Chrome/124.0.0.0 bot "
    return (text * (chars // len(text) + 1))[:chars]


def deep_and_wide(target: Target) -> Sent:
    """Nesting of 10,000 levels, and as many keys as a body holds."""
    keys = ",".join(f'"{number}":0' for number in range(90_000))
    metadata = "{" + ",".join(f'"{number}":0' for number in range(40_000)) + "}"
    own = json.dumps(_fields())[:-1]
    texts = [
        "[" * 10_000 + "]" * 10_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        own + ',"metadata":' + '{"a":' * 10_000 + "1" + "}" * 10_000 + "}",
        own + ',"properties":' + "[" * 400_000 + "]" * 400_000 + "}",
        own + "," + keys + "}",
        own + ',"metadata":' + metadata + "}",
        own + ',"x":' + "1" * 500_000 + "}",
        own + ',"x":"' + "\\ud83d" * 80_000 + '"}',
    ]
    statuses = _repeat(target, "127.4.6.", [text.encode() for text in texts])
    return Sent(f"deep, wide and long JSON ({statuses})", statuses.faults())


def bad_items(target: Target) -> Sent:
    """One item of a batch is bad: the others must be accepted."""
    halves = r'{"event_type": "page_view", "visitor_id": "v", "session_id": "s", "page": "\ud83d"}'
    items = [halves, "1", "null", '"text"', "[]", "{}", '{"event_type": 1}', "1e999", "NaN"]
    good, failures, statuses = json.dumps(_fields()), [], Statuses()
    for number, item in enumerate(items):
        body = f"[{good},{item},{good}]".encode()
        source = f"127.4.7.{number + 1}"
        reply = statuses.add(
            track(target.collector_port, target.keys["write"], body, source=source)
        )
        accepted = _accepted(reply)
        # What is no JSON cannot be told from its neighbours; half a character can.
        if item not in ("1e999", "NaN") and accepted != 2:
            failures.append(f"beside {item[:60]}, {accepted} of 2 good events were accepted")
    return Sent(f"batches with one bad item of {len(items)} kinds ({statuses})", failures)


def _accepted(reply: Reply) -> int:
    try:
        return int(reply.json.get("accepted", 0))
    except (ValueError, AttributeError):
        return 0


def invented_keys(target: Target) -> Sent:
    """Keys of the right form that do not exist, each of which must be looked up once."""
    statuses = Statuses()
    before = _lookups(target)

    ends = time.monotonic() + _INVENT_SECONDS_MAX

    def invent(number: int) -> None:
        if time.monotonic() > ends:
            return
        key = f"dbwrite_{uuid.uuid4().hex}"
        statuses.add(track(target.collector_port, key, {}, source=f"127.4.8.{number % 4 + 1}"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(invent, range(_INVENTED)))
    made = _lookups(target) - before
    failures = statuses.faults()
    if made > _LOOKUPS_MAX:
        failures.append(f"{made:,} look-ups in MongoDB, more than {_LOOKUPS_MAX:,}")
    return Sent(f"{_INVENTED:,} invented keys by 4 addresses ({statuses})", failures)


def _lookups(target: Target) -> int:
    """How many queries of API keys MongoDB has answered so far."""
    with database(target.settings).client as client:
        totals = client.admin.command("top")["totals"]
    name = f"{target.settings.mongodb_database}._daybook_keys"
    return int(totals[name]["queries"]["count"])


def forged_addresses(target: Target) -> Sent:
    """A caller who claims another address with each call, to get another rate limit."""
    statuses, began = Statuses(), time.monotonic()
    calls = 2_000

    def send(number: int) -> None:
        address = f"10.9.{number // 250}.{number % 250}"
        forged = {"X-Forwarded-For": address, "Forwarded": f"for={address}", "X-Real-IP": address}
        key = target.keys["write"]
        reply = track(target.collector_port, key, _fields(), forged, source="127.4.9.1")
        statuses.add(reply)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send, range(calls)))
    allowed = _BURST + _RATE * (time.monotonic() - began + 1)
    failures = statuses.faults()
    if statuses.count(202) > allowed:
        failures.append(f"{statuses.count(202):,} of {calls:,} accepted, more than {allowed:,.0f}")
    return Sent(f"{calls:,} calls of one address with forged ones ({statuses})", failures)


def _filled(filling: str, size: int) -> str:
    return filling * (size // len(filling.encode()))


def _fields(**more: Any) -> dict[str, Any]:
    own = {"event_type": "page_view", "visitor_id": f"v-{uuid.uuid4().hex[:4]}", "session_id": "s"}
    return own | {"funnel_id": "attacked"} | more


def _event(**more: Any) -> bytes:
    return json.dumps(_fields(**more), ensure_ascii=False).encode()


def _repeat(
    target: Target, network: str, bodies: Sequence[Any], headers: dict[str, str] | None = None
) -> Statuses:
    """Sends the bodies again and again for some seconds, over two connections at a time.

    Each call comes from another address of the network, because an attacker has many.
    """
    statuses, ends = Statuses(), time.monotonic() + _SECONDS
    endless = cycle(bodies)
    addresses = cycle(f"{network}{number}" for number in range(1, 251))

    def send() -> None:
        while time.monotonic() < ends:
            key = target.keys["write"]
            body, source = next(endless), next(addresses)
            statuses.add(track(target.collector_port, key, body, headers, source))

    with ThreadPoolExecutor(_CALLERS) as threads:
        for running in [threads.submit(send) for _ in range(_CALLERS)]:
            running.result()
    return statuses


def _attack(name: str, run: Callable[[Target], Sent]) -> Attack:
    return Attack(name, run, _TRACKING, seconds_max=60)


ATTACKS = (
    _attack("long campaigns", campaigns),
    _attack("120 long addresses", long_urls),
    _attack("packed lists", packed_lists),
    _attack("gzip bombs", gzip_bombs),
    _attack("500 new user agents", user_agents),
    _attack("deep and wide JSON", deep_and_wide),
    _attack("a bad item in a batch", bad_items),
    _attack("11,000 invented keys", invented_keys),
    _attack("forged addresses", forged_addresses),
)
