"""The names that an organization has published: its funnels, their steps, its ticketed events."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import NamedTuple

from daybook.engine.documents.keys import encode_part
from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import Documents, reachable

FRESH_SECONDS = 30.0
ROWS_MAX = 20_000
"""Most funnels, and most ticketed events, read of an organization; those beyond are unpublished."""


class Published(NamedTuple):
    """`steps` are pairs of funnel and step."""

    funnels: frozenset[str]
    steps: frozenset[tuple[str, str]]
    events: frozenset[str]


def read_published(documents: Documents, organization: str) -> Published:
    """The names that definitions have given, in any version. Raises Unavailable."""
    prefix = f"{encode_part(organization)}:"
    of_it = {"_id": {"$gte": prefix, "$lt": prefix[:-1] + ";"}}
    step_ids = {"funnel_id": 1, "steps.step_id": 1, "versions.steps.step_id": 1}
    with reachable():
        funnels = list(
            documents["funnels"].find(of_it | {"published": True}, step_ids, limit=ROWS_MAX)
        )
        events = list(documents["ticketed_events"].find(of_it, {"event_id": 1}, limit=ROWS_MAX))
    steps = (
        (row["funnel_id"], step["step_id"])
        for row in funnels
        for version in (row, *row.get("versions", ()))
        for step in version["steps"]
    )
    return Published(
        frozenset(row["funnel_id"] for row in funnels),
        frozenset(steps),
        frozenset(row["event_id"] for row in events),
    )


class PublishedNames:
    """Remembers each organization's names for 30 s, and longer while MongoDB does not answer."""

    def __init__(
        self, read: Callable[[str], Published], clock: Callable[[], float] = monotonic
    ) -> None:
        self._read = read
        self._clock = clock
        self._known: dict[str, Published] = {}
        self._read_at: dict[str, float] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    async def get(self, organization: str) -> Published | None:
        """The names; None while they were never read. Only the first call waits for MongoDB."""
        known = self._known.get(organization)
        if self._clock() - self._read_at.get(organization, -FRESH_SECONDS) >= FRESH_SECONDS:
            reading = self._refresh(organization)
            if known is None:
                await asyncio.shield(reading)
        return self._known.get(organization)

    def _refresh(self, organization: str) -> asyncio.Task[None]:
        task = self._reading.get(organization)
        if task is None:
            task = asyncio.create_task(self._update(organization))
            self._reading[organization] = task
            task.add_done_callback(lambda _: self._reading.pop(organization, None))
        return task

    async def _update(self, organization: str) -> None:
        # While MongoDB does not answer, what was known stays; it is asked again in 30 s.
        with suppress(DaybookError):
            self._known[organization] = await asyncio.to_thread(self._read, organization)
        self._read_at[organization] = self._clock()
