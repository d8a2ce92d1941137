"""Limits the look-ups of keys that do not exist, by address: they must not crowd out good keys."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

UNKNOWN_PER_SECOND = 1.0
UNKNOWN_BURST = 20.0
"""A person who mistypes a key, or a page with a revoked one, stays below; a search does not."""

_ADDRESSES_MAX = 10_000


class UnknownKeys:
    """A token bucket for each address, in this process. Only unknown keys cost a token."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """0 if a key may be looked up for the address; else after how long it may."""
        return max(0.0, (1.0 - self._tokens(address)) / UNKNOWN_PER_SECOND)

    def take(self, address: str) -> None:
        """Takes a token for a key that turned out to be unknown; there may be a debt then."""
        self._buckets[address] = self._tokens(address) - 1.0, self._clock()
        self._buckets.move_to_end(address)
        if len(self._buckets) > _ADDRESSES_MAX:
            self._buckets.popitem(last=False)

    def _tokens(self, address: str) -> float:
        tokens, at = self._buckets.get(address, (UNKNOWN_BURST, self._clock()))
        return min(UNKNOWN_BURST, tokens + (self._clock() - at) * UNKNOWN_PER_SECOND)
