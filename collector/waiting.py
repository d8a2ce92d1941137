"""One call's events on their way: told by the Kafka client's thread, awaited by the loop's."""

import asyncio
from contextlib import suppress

from confluent_kafka import KafkaError, Message


class Waiting:
    """Which of a call's events are acknowledged. One future a call, whatever it carries.

    Each of two threads writes fields of its own: the client's counts, the loop's says how many
    there are. Whichever comes second sees what the first has written, and ends the waiting.
    `broken`: the client has failed for good.
    """

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._acknowledged = [False] * count
        self._told = 0
        self._sent: int | None = None
        self.broken = False

    def told(self, index: int, error: KafkaError | None, _: Message) -> None:
        """Once for each event that was sent; in the client's thread."""
        if error is None:
            self._acknowledged[index] = True
        elif error.fatal():
            self.broken = True
        self._told += 1
        if self._told == self._sent:
            with suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._finish)

    async def outcome(self, sent: int, seconds: float) -> list[bool]:
        """Of each event whether it is acknowledged, as far as is known by then."""
        self._sent = sent
        if self._told < sent:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._done
        return list(self._acknowledged)

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
