"""Turns on the event loop for calls with much work, so that all other calls are hardly delayed."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter
from types import TracebackType
from typing import Self

SLICE_SECONDS = 0.004
"""How long a call may work before others come first. A thread would gain nothing: it needs the
interpreter's lock as much as the event loop does, which then waits for it just as long."""

REST_SECONDS = 0.001
"""How long no call has a turn after each. A call without much work waits for Redis and Kafka in
between, and so for several passes of the loop: most of them fit into the rest."""


class Turns:
    """One turn at a time, or `count`. Callers have theirs in rotation, whoever has more waiting.

    An instance belongs to one event loop.
    """

    def __init__(self, count: int = 1) -> None:
        self._left = count
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, caller: str) -> None:
        if self._left:
            self._left -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release()
            raise

    @asynccontextmanager
    async def turn(self, caller: str) -> AsyncIterator[None]:
        await self.acquire(caller)
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Hands the turn to the next caller's oldest call, after REST_SECONDS.

        So the loop never runs two turns in one pass, even if each is short.
        """
        asyncio.get_running_loop().call_later(REST_SECONDS, self._pass_on)

    def _pass_on(self) -> None:
        while self._waiting:
            caller, calls = self._waiting.popitem(last=False)
            turn = calls.popleft()
            if calls:
                self._waiting[caller] = calls
            if not turn.done():
                turn.set_result(None)
                return
        self._left += 1


class Work:
    """A call's work, in slices: `async with` around it, and `pause` between its steps.

    The first slice is free. Each further one is a turn, after which the event loop runs all that
    is ready, and other callers have theirs.
    """

    def __init__(
        self, turns: Turns, caller: str, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._turns = turns
        self._caller = caller
        self._clock = clock
        self._has_turn = False

    async def __aenter__(self) -> Self:
        self._until = self._clock() + SLICE_SECONDS
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._end_turn()

    async def pause(self, is_heavy: bool = False) -> None:
        """Returns at once within a slice. A step that is known to be heavy always needs a turn."""
        if self._clock() < self._until and (self._has_turn or not is_heavy):
            return
        self._end_turn()
        await self._turns.acquire(self._caller)
        self._has_turn = True
        self._until = self._clock() + SLICE_SECONDS

    def _end_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.release()
