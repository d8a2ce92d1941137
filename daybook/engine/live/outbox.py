"""Totals that subscribers have not been sent yet: of each hash the newest, until its turn comes."""

from collections.abc import Iterable
from itertools import islice

from daybook.engine.documents.live import Totals
from daybook.engine.live.store import ITEMS_AT_ONCE, LiveStore

TOTALS_MAX = 10_000

Waiting = dict[str, dict[str, Totals]]
"""By channel and hash."""


class Outbox:
    """Of one thread. What finds no room is not sent; its hash is right all the same."""

    def __init__(self) -> None:
        self._own: Waiting = {}
        self._dashboards: Waiting = {}
        self._size = 0

    def add(self, news: Iterable[Totals]) -> None:
        for one in news:
            if one.channel:
                self._put(self._own, one.channel, one)
            self._put(self._dashboards, one.dashboard, one)

    def send(self, store: LiveStore) -> None:
        """Offers each channel what it has not had; what comes too early stays for the next time.

        Raises what `LiveStore` does.
        """
        for waiting, together in ((self._own, False), (self._dashboards, True)):
            offered = {
                channel: list(islice(several.values(), ITEMS_AT_ONCE))
                for channel, several in waiting.items()
            }
            for channel in store.publish(offered, together):
                self._take(waiting, channel, offered[channel])

    def _put(self, waiting: Waiting, channel: str, one: Totals) -> None:
        if one.key in waiting.get(channel, {}):
            waiting[channel][one.key] = one
        elif self._size < TOTALS_MAX:
            waiting.setdefault(channel, {})[one.key] = one
            self._size += 1

    def _take(self, waiting: Waiting, channel: str, sent: list[Totals]) -> None:
        for one in sent:
            del waiting[channel][one.key]
        self._size -= len(sent)
        if not waiting[channel]:
            del waiting[channel]
