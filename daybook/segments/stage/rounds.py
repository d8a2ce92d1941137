"""When the clock may move: once every shard holds all that happened up to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

HOPS = 2
"""An item reaches its profile by one hop, or by two if the profile of a visitor sends it on."""

Offsets = Mapping[int, int]
"""By shard, an offset of the feed: its end, or the next one that its owner must take."""


@dataclass(slots=True)
class Rounds:
    """Decides for one member, from what all members have stored.

    A round begins with the moment c up to which every source partition was read, and what was read
    is in the feed by then. When every shard has taken the feed to its end at that time, what this
    sent on is in the feed, too; when that is taken, c may be adopted.
    """

    _clock: int | None = None
    _hops: int = 0
    _ends: dict[int, int] = field(default_factory=dict)

    def step(
        self, read_until: int | None, ends: Callable[[], Offsets], taken: Offsets
    ) -> int | None:
        """The clock to adopt now, in ms since 1970; None while there is none.

        `read_until` is None while a source partition was never read: then time stands still.
        `ends` reads the present ends of the feed, after `read_until` was read. A shard that is not
        in `taken` has taken nothing.
        """
        if self._clock is None:
            if read_until is None:
                return None
            self._clock, self._hops = read_until, 0
            self._ends = dict(ends())
        while all(taken.get(shard, 0) >= end for shard, end in self._ends.items()):
            self._hops += 1
            if self._hops == HOPS:
                adopted, self._clock = self._clock, None
                return adopted
            self._ends = dict(ends())
        return None
