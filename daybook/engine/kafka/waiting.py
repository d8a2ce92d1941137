"""One call's events on their way: told as the broker acknowledges them, awaited by the call."""

import asyncio

from confluent_kafka import KafkaError, Message


class Waiting:
    """Which of a call's events are acknowledged. One future a call, whatever it carries.

    Of the loop's thread alone. `broken`: the client has failed for good.
    """

    def __init__(self, count: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._acknowledged = [False] * count
        self._told = 0
        self._sent: int | None = None
        self.broken = False

    def told(self, index: int, error: KafkaError | None, _: Message) -> None:
        """Once for each event that was sent."""
        if error is None:
            self._acknowledged[index] = True
        elif error.fatal():
            self.broken = True
        self._told += 1
        if self._told == self._sent:
            self._finish()

    async def outcome(self, sent: int, seconds: float) -> list[bool]:
        """Of each event whether it is acknowledged, as far as is known by then."""
        self._sent = sent
        if self._told < sent:
            end = self._loop.call_later(seconds, self._finish)
            try:
                await self._done
            finally:
                end.cancel()
        return list(self._acknowledged)

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
