"""Keys are remembered for a while, and for longer while the database is away."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from daybook.engine.errors import Unavailable
from daybook.service.api_keys import Key
from daybook.service.key_cache import FRESH_SECONDS, STALE_SECONDS, KeyCache

TEXT = "dbwrite_" + "a" * 32
KEY = Key("0" * 12, "write", "org-1", "", datetime(2026, 1, 1, tzinfo=UTC), None)


class Shelf:
    """A database of one key, a clock, and how often it was asked."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.find: Callable[[], Key | None] = lambda: KEY
        self.stale = 0
        self.ring = KeyCache(self._find, ("write", "server"), self._count, lambda: self.now)

    def _count(self) -> None:
        self.stale += 1

    async def _find(self, _: str) -> Key | None:
        self.asked += 1
        return self.find()

    def get(self, text: str = TEXT) -> Key | None:
        return asyncio.run(self.ring.get(text))

    def away(self) -> Key | None:
        raise Unavailable("MongoDB does not answer")


def test_a_key_is_asked_for_once_in_a_while() -> None:
    shelf = Shelf()
    assert [shelf.get() for _ in range(3)] == [KEY] * 3
    assert shelf.asked == 1
    shelf.now = FRESH_SECONDS
    shelf.find = lambda: None
    assert shelf.get() is None
    assert shelf.asked == 2


def test_what_does_not_look_like_a_key_is_not_asked_for() -> None:
    shelf = Shelf()
    for text in (
        "",
        "x",
        TEXT + "a",
        "dbother_" + "a" * 32,
        "dbread_" + "a" * 32,
        "dbwrite_" + "$" * 32,
    ):
        assert shelf.get(text) is None
    assert shelf.asked == 0


def test_a_known_key_stays_good_for_a_day_while_the_database_is_away() -> None:
    shelf = Shelf()
    assert shelf.get() is KEY
    shelf.find = shelf.away
    shelf.now = STALE_SECONDS
    assert shelf.get() is KEY
    assert shelf.stale == 1
    shelf.now = STALE_SECONDS + 1
    with pytest.raises(Unavailable):
        shelf.get()


def test_a_key_that_nobody_knew_cannot_be_judged_meanwhile() -> None:
    shelf = Shelf()
    shelf.find = lambda: None
    assert shelf.get() is None
    shelf.find = shelf.away
    shelf.now = FRESH_SECONDS
    with pytest.raises(Unavailable):
        shelf.get()


def test_many_calls_ask_once() -> None:
    shelf = Shelf()

    async def together() -> list[Key | None]:
        return await asyncio.gather(*(shelf.ring.get(TEXT) for _ in range(50)))

    assert asyncio.run(together()) == [KEY] * 50
    assert shelf.asked == 1
