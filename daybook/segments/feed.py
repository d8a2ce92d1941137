"""The messages of `sc.analytics.segment-feed`: items of one source partition, for one shard."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from daybook.engine.documents.keys import encode_part
from daybook.segments.facts import Facts
from daybook.segments.profile_facts import Origin

SHARDS = 12
"""The partitions of the feed. A profile is the work of one shard, so there are never more."""
ITEMS_MAX = 500
BYTES_MAX = 256 * 1024
"""A message has at most so many items, and so many bytes unless one item has more."""

# One encoder for all: `json.dumps` makes a new one for each call with separators.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SEED, _MULTIPLIER, _SHIFT, _MASK = 0x9747B28C, 0x5BD1E995, 24, 0xFFFFFFFF


class FeedItem(NamedTuple):
    """Facts about one person; `profile` is the `_id` of their profile, `organization:u:<user>` or
    `organization:v:<visitor>`. `offset` is that of the message they come from."""

    profile: str
    offset: int
    facts: Facts


class FeedMessage(NamedTuple):
    """Items of one source partition in the order of their offsets; without an origin, items that
    the profile of a visitor sent on."""

    origin: Origin | None
    items: list[FeedItem]


def profile_id(organization: str, person: str) -> str:
    """The `_id` of a person's profile."""
    letter, _, own = person.partition(":")
    return f"{encode_part(organization)}:{letter}:{encode_part(own)}"


def shard_of(profile: str) -> int:
    """The shard of a profile: Kafka's default partition of its `_id`, of 12."""
    return (murmur2(profile.encode()) & 0x7FFFFFFF) % SHARDS


def pack(origin: Origin | None, items: Iterable[FeedItem]) -> Iterator[bytes]:
    """The values of the messages with these items, which are of one shard."""
    head = list(origin) if origin else None
    texts: list[bytes] = []
    size = 0
    for item in items:
        text = _encode(item).encode()
        if texts and (len(texts) >= ITEMS_MAX or size + len(text) > BYTES_MAX):
            yield _message(head, texts)
            texts, size = [], 0
        texts.append(text)
        size += len(text) + 1
    if texts:
        yield _message(head, texts)


def _message(head: list[Any] | None, texts: list[bytes]) -> bytes:
    return b'{"origin":%b,"items":[%b]}' % (json.dumps(head).encode(), b",".join(texts))


def unpack(value: bytes) -> FeedMessage:
    """The message of a value that `pack` made."""
    body = json.loads(value)
    origin = Origin(*body["origin"]) if body["origin"] else None
    return FeedMessage(origin, [FeedItem(*item) for item in body["items"]])


def murmur2(data: bytes) -> int:
    """The 32-bit hash by which Kafka's Java client assigns keys to partitions, unsigned."""
    hashed = (_SEED ^ len(data)) & _MASK
    whole = len(data) & ~3
    for place in range(0, whole, 4):
        word = int.from_bytes(data[place : place + 4], "little") * _MULTIPLIER & _MASK
        word = (word ^ word >> _SHIFT) * _MULTIPLIER & _MASK
        hashed = (hashed * _MULTIPLIER & _MASK) ^ word
    if rest := data[whole:]:
        hashed = (hashed ^ int.from_bytes(rest, "little")) * _MULTIPLIER & _MASK
    hashed = (hashed ^ hashed >> 13) * _MULTIPLIER & _MASK
    return hashed ^ hashed >> 15
