"""The state of one channel that its clients share: the current totals, and their queues."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Literal

import structlog

from daybook.query.stream import sse
from daybook.query.stream.client_queue import ClientQueue
from daybook.query.stream.sse import Row

Load = Callable[[], Awaitable[list[Row]]]
"""Reads today's totals from storage. Raises Unavailable, and Problem (404)."""

_log = structlog.get_logger()


class ChannelState:
    """Keeps the newest totals of each ticketed event and funnel, all of one day.

    Older totals never replace newer ones, so no client sees totals decrease.
    """

    def __init__(self, name: str, kind: Literal["event", "dashboard"], load: Load) -> None:
        self.name = name
        self.users = 0
        self.subscribed = asyncio.Event()
        self.loading = asyncio.Lock()
        self.loaded_at: float | None = None
        self._kind = kind
        self._load = load
        self._rows: dict[str, Row] = {}
        self._versions: dict[str, tuple[str, int]] = {}
        self._today = ""
        self._at = 0
        self._rendered: list[bytes] | None = None
        self._queues: set[ClientQueue] = set()

    def join(self) -> ClientQueue:
        queue = ClientQueue(self._snapshot, lambda: self._at)
        self._queues.add(queue)
        return queue

    def leave(self, queue: ClientQueue) -> None:
        self._queues.discard(queue)

    @property
    def queues(self) -> list[ClientQueue]:
        return list(self._queues)

    async def load(self, at: float) -> None:
        """Reads the stored totals, unless newer ones have been received. Raises Unavailable."""
        self._update(await self._load())
        self.loaded_at = at

    def receive(self, message: bytes) -> None:
        """Sends what is new in a message of Redis to all clients."""
        try:
            totals = json.loads(message)
            newer = self._update(totals["totals"] if self._kind == "dashboard" else [totals])
        except (ValueError, KeyError, TypeError, AttributeError):
            _log.warning("invalid message in a Redis channel", channel=self.name)
            return
        if newer:
            events = sse.totals(self._kind, newer, self._at)
            for queue in self._queues:
                queue.put(events)

    def _update(self, rows: Iterable[Row]) -> list[Row]:
        """Applies the rows that are newer than the current ones, and returns those of today.

        If any row is invalid, none is applied.
        """
        newer = []
        for key, version, at_ms, row in [_parse(row) for row in rows]:
            current = self._versions.get(key)
            if version[0] >= self._today and (current is None or version > current):
                self._versions[key], self._rows[key] = version, row
                self._today, self._at = version[0], max(self._at, at_ms)
                newer.append(row)
        if newer:
            self._rendered = None
            self._rows = {k: row for k, row in self._rows.items() if row["date"] == self._today}
            self._versions = {key: self._versions[key] for key in self._rows}
        return [row for row in newer if row["date"] == self._today]

    def _snapshot(self) -> list[bytes]:
        if self._rendered is None:
            self._rendered = sse.totals(self._kind, list(self._rows.values()), self._at)
        return self._rendered


def _parse(row: Row) -> tuple[str, tuple[str, int], int, Row]:
    """Key, version (day and revision), time of the write in ms since 1970, and the row itself.

    Raises KeyError, TypeError, ValueError or AttributeError for an invalid row.
    """
    name = "funnel_id" if "funnel_id" in row else "event_id"
    date, revision, updated_at = row["date"], row["revision"], row["updated_at"]
    if not isinstance(date, str) or not isinstance(revision, int):
        raise TypeError(row)
    at = round(datetime.fromisoformat(updated_at).timestamp() * 1_000) if updated_at else 0
    return f"{name} {row[name]}", (date, revision), at, row
