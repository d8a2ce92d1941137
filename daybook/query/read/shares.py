"""Limits how many queries of one owner MongoDB works on at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

QUERIES_PER_OWNER = 4
"""A report sends up to eight at once. With as many for each, two organizations that both keep
MongoDB busy get half of it each, whichever of them asks for more."""


class _Share:
    def __init__(self) -> None:
        self.users = 0
        self.free = asyncio.Semaphore(QUERIES_PER_OWNER)


class Shares:
    """An owner is an organization, or an admin. It belongs to one event loop."""

    def __init__(self) -> None:
        self._shares: dict[str, _Share] = {}

    @asynccontextmanager
    async def query(self, owner: str) -> AsyncIterator[None]:
        """Waits until the owner may send another query."""
        share = self._shares.setdefault(owner, _Share())
        share.users += 1
        try:
            async with share.free:
                yield
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[owner]
