"""Messages that a stranger could send: stored examples with hostile values and broken bytes."""

import json
import uuid
from collections.abc import Iterator
from copy import deepcopy
from itertools import count, islice
from pathlib import Path
from random import Random
from typing import Any

from schemas.catalogue import source
from tests.support.shop import Message

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"

HOSTILE: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        1.5,
        10**11,
        10**12 + 1,
        2**31,
        2**53 - 1,
        2**53,
        2**63,
        10**400,
    ),
    *(5e-324, float("inf"), float("nan"), -0.0),
    *("", " ", "\t", "\x00", "0", "1e5", "NaN", "null", "true", "EUR", "XXX", "default", "other"),
    *("$where", "$$ROOT", "a.b", "..", "_id", "__proto__", "o:1", "t:", ":", "%", "%2F", "'", '"'),
    *("\ud83d", "\ude00", "😀" * 64, "é", "\u202e", "\u2028", "\ufeff", "\uffff", "A" * 128),
    *("x" * 129, "x" * 5_000, "=HYPERLINK(1)", "<r>1</r>", "{{7*7}}", "../../etc/passwd"),
    *("2026-02-31T00:00:00Z", "2026-11-03T23:59:60Z", "2026-11-03T24:00:00Z", "20261103T100000Z"),
    *("2026-11-03T10:00:00+99:99", "0001-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
    *("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "2026-11-03"),
    *([], {}, [[]], [None], {"$gt": ""}, {"$ref": "a", "$id": 1}, [0] * 2_040, {"": {"": ""}}),
)
"""Values that have ended such programs: limits, operators, texts, dates that do not exist."""


def hostile_messages(topic: str, number: int, seed: int = 1) -> list[Message]:
    """Keys and values for a topic: all its examples, then each again and again with one leaf or
    two replaced, or with bytes changed. The same seed gives the same messages."""
    files = sorted((EXAMPLES / topic).rglob("*.json"))
    return list(islice(_messages(topic, [json.loads(f.read_text()) for f in files], seed), number))


def _messages(topic: str, examples: list[Any], seed: int) -> Iterator[Message]:
    dice = Random(f"{seed} {topic}")
    for example in examples:
        yield _message(topic, example)
    for turn in count():
        for example in examples:
            for path in _leaves(example):
                event = deepcopy(example)
                event["event_id"] = str(uuid.UUID(int=dice.getrandbits(128), version=4))
                _replace(event, path, dice.choice(HOSTILE))
                if turn % 3 == 2:
                    _replace(event, dice.choice(list(_leaves(event))), dice.choice(HOSTILE))
                key, value = _message(topic, event)
                yield key, _changed(value, dice) if dice.random() < 0.1 else value


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for name, part in inner:
        yield from _leaves(part, (*path, name))
    if not inner and path:
        yield path


def _replace(event: Any, path: tuple[Any, ...], value: Any) -> None:
    *parents, name = path
    for parent in parents:
        event = event[parent]
    # A copy, because a second value may be put into it.
    event[name] = deepcopy(value)


def _message(topic: str, event: Any) -> tuple[str | None, bytes]:
    value = json.dumps(event).encode()
    try:
        key = source(topic).key_of(event)
        return (key if key.encode() else None), value
    except (AttributeError, KeyError, TypeError, UnicodeError):
        return "k", value


def _changed(value: bytes, dice: Random) -> bytes:
    """The bytes with one of them replaced, a part left out or repeated, or the end cut off."""
    at, length = dice.randrange(len(value)), dice.randrange(1, 20)
    match dice.randrange(4):
        case 0:
            return value[:at] + bytes([dice.randrange(256)]) + value[at + 1 :]
        case 1:
            return value[:at] + value[at + length :]
        case 2:
            return value[: at + length] + value[at:]
        case _:
            return value[:at]
