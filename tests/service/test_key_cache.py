"""API keys are cached for a while, and for longer while the database is unavailable."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from daybook.engine.errors import Unavailable
from daybook.service.api_keys import Key
from daybook.service.key_cache import (
    FRESH_SECONDS,
    RETRY_SECONDS,
    STALE_SECONDS,
    KeyCache,
    TooManyUnknown,
)
from daybook.service.unknown_keys import UNKNOWN_BURST, UNKNOWN_PER_SECOND

TEXT = "dbwrite_" + "a" * 32
KEY = Key("0" * 12, "write", "org-1", "", datetime(2026, 1, 1, tzinfo=UTC), None)


class KeyDatabase:
    """A database with one key, a clock, and counts of queries and of stale entries used."""

    def __init__(self) -> None:
        self.now = 0.0
        self.queries = 0
        self.find: Callable[[], Key | None] = lambda: KEY
        self.stale = 0
        self.cache = KeyCache(self._find, ("write", "server"), self._count_stale, lambda: self.now)

    def _count_stale(self) -> None:
        self.stale += 1

    async def _find(self, _: str) -> Key | None:
        self.queries += 1
        return self.find()

    def get(self, text: str = TEXT, address: str = "") -> Key | None:
        return asyncio.run(self.cache.get(text, address))

    def unavailable(self) -> Key | None:
        raise Unavailable("MongoDB does not answer")


def test_a_key_is_fetched_again_once_its_entry_is_no_longer_fresh() -> None:
    database = KeyDatabase()
    assert [database.get() for _ in range(3)] == [KEY] * 3
    assert database.queries == 1
    database.now = FRESH_SECONDS
    database.find = lambda: None
    assert database.get() is None
    assert database.queries == 2


def test_a_text_that_is_not_in_the_format_of_an_accepted_key_is_not_looked_up() -> None:
    database = KeyDatabase()
    for text in (
        "",
        "x",
        TEXT + "a",
        "dbother_" + "a" * 32,
        "dbread_" + "a" * 32,
        "dbwrite_" + "$" * 32,
    ):
        assert database.get(text) is None
    assert database.queries == 0


def test_a_cached_key_stays_valid_for_a_day_while_the_database_is_unavailable() -> None:
    database = KeyDatabase()
    assert database.get() is KEY
    database.find = database.unavailable
    database.now = STALE_SECONDS
    assert database.get() is KEY
    assert database.stale == 1
    database.now = STALE_SECONDS + 1
    with pytest.raises(Unavailable):
        database.get()


def test_a_key_that_was_unknown_cannot_be_checked_while_the_database_is_unavailable() -> None:
    database = KeyDatabase()
    database.find = lambda: None
    assert database.get() is None
    database.find = database.unavailable
    database.now = FRESH_SECONDS
    with pytest.raises(Unavailable):
        database.get()


def test_concurrent_lookups_of_a_key_share_one_query() -> None:
    database = KeyDatabase()

    async def together() -> list[Key | None]:
        return await asyncio.gather(*(database.cache.get(TEXT) for _ in range(50)))

    assert asyncio.run(together()) == [KEY] * 50
    assert database.queries == 1


def invented(number: int) -> str:
    return f"dbwrite_{number:032}"


def test_invented_keys_do_not_push_a_good_one_out_of_memory() -> None:
    database = KeyDatabase()
    assert database.get() is KEY
    database.find = lambda: None
    for number in range(11_000):
        assert database.get(invented(number)) is None
    before = database.queries
    assert database.get() is KEY
    assert database.queries == before


def test_an_invented_key_that_is_remembered_is_not_looked_up_again() -> None:
    database = KeyDatabase()
    database.find = lambda: None
    assert [database.get(invented(1), "198.51.100.1") for _ in range(1_000)] == [None] * 1_000
    assert database.queries == 1


def test_an_address_may_present_a_limited_number_of_unknown_keys() -> None:
    database = KeyDatabase()
    database.find = lambda: None
    for number in range(11_000):
        with suppress(TooManyUnknown):
            database.get(invented(number), "198.51.100.1")
    assert database.queries == UNKNOWN_BURST
    with pytest.raises(TooManyUnknown) as caught:
        database.get(TEXT, "198.51.100.1")
    assert 0 < caught.value.wait_seconds <= 1 / UNKNOWN_PER_SECOND
    database.find = lambda: KEY
    assert database.get(TEXT, "198.51.100.2") is KEY, "another address is not limited"
    assert database.get(TEXT, "198.51.100.1") is KEY, "a key that is remembered needs no look-up"


def test_an_address_may_look_up_keys_again_after_a_while() -> None:
    database = KeyDatabase()
    database.find = lambda: None
    for number in range(100):
        with suppress(TooManyUnknown):
            database.get(invented(number), "198.51.100.1")
    database.now += 1 / UNKNOWN_PER_SECOND
    database.find = lambda: KEY
    assert database.get(TEXT, "198.51.100.1") is KEY


def test_good_keys_cost_an_address_nothing() -> None:
    database = KeyDatabase()
    for number in range(1_000):
        assert database.get(invented(number), "198.51.100.1") is KEY


class AbsentDatabase:
    """A database that has one key, until it no longer answers: then each query hangs."""

    def __init__(self) -> None:
        self.now = 0.0
        self.queries = 0
        self.answers = asyncio.Event()
        self.answers.set()
        self.cache = KeyCache(self._find, ("write",), lambda: None, lambda: self.now)

    async def _find(self, _: str) -> Key | None:
        self.queries += 1
        await self.answers.wait()
        return KEY


def test_while_the_database_hangs_calls_are_answered_from_memory_and_one_query_waits() -> None:
    async def run() -> None:
        database = AbsentDatabase()
        assert await database.cache.get(TEXT) is KEY
        database.answers.clear()
        database.now = FRESH_SECONDS
        for _ in range(100):
            assert await database.cache.get(TEXT) is KEY
            database.now += RETRY_SECONDS
        assert database.queries == 2
        database.answers.set()
        await asyncio.sleep(0)  # the query ends
        await asyncio.sleep(0)
        assert await database.cache.get(TEXT) is KEY

    asyncio.run(asyncio.wait_for(run(), 30))


def test_while_the_database_hangs_other_keys_are_refused_at_once() -> None:
    async def run() -> None:
        database = AbsentDatabase()
        assert await database.cache.get(TEXT) is KEY
        database.answers.clear()
        database.now = FRESH_SECONDS
        assert await database.cache.get(TEXT) is KEY
        for number in range(100):
            with pytest.raises(Unavailable):
                await database.cache.get(invented(number), "198.51.100.1")
        assert database.queries == 2

    asyncio.run(asyncio.wait_for(run(), 30))


def test_after_an_outage_unknown_keys_are_checked_again() -> None:
    async def run() -> None:
        database = KeyDatabase()
        database.find = database.unavailable
        with pytest.raises(Unavailable):
            await database.cache.get(TEXT)
        database.find = lambda: KEY
        with pytest.raises(Unavailable):
            await database.cache.get(TEXT)
        database.now += RETRY_SECONDS
        with pytest.raises(Unavailable):
            await database.cache.get(TEXT)  # begins the query that finds out
        await asyncio.sleep(0)  # that query ends
        await asyncio.sleep(0)
        assert await database.cache.get(TEXT) is KEY

    asyncio.run(run())
