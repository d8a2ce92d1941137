"""When the clock may move: once every shard holds all that happened up to it."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, Protocol

MARGIN_MS = 1_000
"""What was appended before this, by the broker's clock, is in the log by now, by ours."""


class Progress(Protocol):
    """A topic, and how far its readers have come, by partition. Both raise Unavailable."""

    def ends(self) -> Mapping[Hashable, int]:
        """The present ends of all partitions."""

    def reached(self) -> Mapping[Hashable, int]:
        """By partition, the offset below which all is done and stored; none for an unread one."""


class Rounds:
    """Decides for one member, from what all members have stored.

    A round begins at a moment, with the ends of the source topics. When all below these is counted,
    it is in the feed. When every shard has taken the feed to its end at that time, what the
    profiles of visitors sent on is in the feed, too. When that is taken as well, the shards hold
    everything up to the moment. So time stands still while anything is not read. `source_ends` are
    the ends with which the present or last round began.
    """

    def __init__(self, sources: Progress, feed: Progress, now_ms: Callable[[], int]) -> None:
        self._barriers = (sources, feed, feed)
        self._now_ms = now_ms
        self._passed = 0
        self._moment = 0
        self._ends: Mapping[Hashable, int] | None = None
        self.source_ends: Mapping[Any, int] = {}

    def step(self) -> int | None:
        """The clock to adopt now, in ms since 1970, or None; to be called again and again.

        Raises Unavailable.
        """
        while self._passed < len(self._barriers):
            barrier = self._barriers[self._passed]
            if self._ends is None:
                if self._passed == 0:
                    self._moment = self._now_ms() - MARGIN_MS
                self._ends = barrier.ends()
                if self._passed == 0:
                    self.source_ends = self._ends
            reached = barrier.reached()
            if any(reached.get(place, 0) < end for place, end in self._ends.items()):
                return None
            self._passed, self._ends = self._passed + 1, None
        self._passed = 0
        return self._moment
