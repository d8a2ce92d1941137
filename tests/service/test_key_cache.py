"""API keys are cached for a while, and for longer while the database is unavailable."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from daybook.engine.errors import Unavailable
from daybook.service.api_keys import Key
from daybook.service.key_cache import FRESH_SECONDS, STALE_SECONDS, KeyCache

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

    def get(self, text: str = TEXT) -> Key | None:
        return asyncio.run(self.cache.get(text))

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
