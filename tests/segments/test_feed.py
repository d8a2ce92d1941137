"""Items reach the shard of their profile, in messages of a bounded size."""

from collections import Counter

import pytest

from daybook.segments.feed import (
    BYTES_MAX,
    ITEMS_MAX,
    SHARDS,
    FeedItem,
    murmur2,
    pack,
    profile_id,
    shard_of,
    unpack,
)
from daybook.segments.profile_facts import Origin

ORIGIN = Origin("Zm9vYmFy", 3)


def item(number: int, text: str = "") -> FeedItem:
    return FeedItem("default:u:ž", number, {"at": number, "did": [text]})


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_the_hash_is_that_of_kafkas_own_tests(text: str, signed: int) -> None:
    assert murmur2(text.encode()) == signed & 0xFFFFFFFF


def test_people_are_spread_over_all_shards() -> None:
    shards = Counter(shard_of(profile_id("default", f"u:{number}")) for number in range(6_000))
    assert sorted(shards) == list(range(SHARDS))
    assert min(shards.values()) > 400


def test_ids_of_people_are_encoded() -> None:
    assert profile_id("a:b", "u:x:y.z") == "a%3Ab:u:x%3Ay%2Ez"


@pytest.mark.parametrize("origin", [ORIGIN, None])
def test_what_is_packed_comes_out_again(origin: Origin | None) -> None:
    items = [item(number, 'a "text"\n') for number in range(3)]
    (value,) = pack(origin, items)
    assert unpack(value) == (origin, items)


def test_messages_are_bounded_in_items_and_bytes() -> None:
    many = [unpack(value).items for value in pack(ORIGIN, map(item, range(2 * ITEMS_MAX + 1)))]
    assert list(map(len, many)) == [ITEMS_MAX, ITEMS_MAX, 1]
    large = list(pack(ORIGIN, [item(number, "ž" * 50_000) for number in range(5)]))
    assert [len(unpack(value).items) for value in large] == [2, 2, 1]
    assert all(len(value) < BYTES_MAX for value in large)
    (huge,) = pack(None, [item(0, "x" * BYTES_MAX)])
    assert len(unpack(huge).items) == 1
    assert list(pack(ORIGIN, [])) == []
