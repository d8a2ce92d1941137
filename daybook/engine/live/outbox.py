"""Totals that are still to be published to subscribers, the newest of each hash."""

from collections.abc import Iterable
from itertools import islice

from daybook.engine.documents.live import Totals
from daybook.engine.live.store import ITEMS_AT_ONCE, LiveStore

TOTALS_MAX = 10_000

Pending = dict[str, dict[str, Totals]]
"""By channel and hash key."""


class Outbox:
    """Not thread-safe. Totals beyond `TOTALS_MAX` are not published, but their hash is correct."""

    def __init__(self) -> None:
        self._own_channels: Pending = {}
        self._dashboards: Pending = {}
        self._size = 0

    def add(self, written: Iterable[Totals]) -> None:
        """Queues totals that were written, for their own channel and the dashboard's."""
        for totals in written:
            if totals.channel:
                self._put(self._own_channels, totals.channel, totals)
            self._put(self._dashboards, totals.dashboard, totals)

    def send(self, store: LiveStore) -> None:
        """Publishes what each channel accepts; the rest stays until the next call.

        Raises what `LiveStore.publish` raises.
        """
        for pending, together in ((self._own_channels, False), (self._dashboards, True)):
            messages = {
                channel: list(islice(by_key.values(), ITEMS_AT_ONCE))
                for channel, by_key in pending.items()
            }
            for channel in store.publish(messages, together):
                self._remove(pending, channel, messages[channel])

    def _put(self, pending: Pending, channel: str, totals: Totals) -> None:
        if totals.key in pending.get(channel, {}):
            pending[channel][totals.key] = totals
        elif self._size < TOTALS_MAX:
            pending.setdefault(channel, {})[totals.key] = totals
            self._size += 1

    def _remove(self, pending: Pending, channel: str, sent: list[Totals]) -> None:
        for totals in sent:
            del pending[channel][totals.key]
        self._size -= len(sent)
        if not pending[channel]:
            del pending[channel]
