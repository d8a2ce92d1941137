"""Calls with much work take turns, and wait for at most one slice of each other caller."""

import asyncio
from contextlib import suppress

import pytest

from daybook.service.turns import SLICE_SECONDS, Turns, Work


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def work(turns: Turns, caller: str, slices: int, clock: Clock, done: list[str]) -> None:
    """As much work as fills that many slices."""
    async with Work(turns, caller, clock) as mine:
        for _ in range(slices):
            clock.now += SLICE_SECONDS
            done.append(caller)
            await mine.pause()


def test_a_call_that_ends_within_its_slice_never_waits() -> None:
    async def run() -> None:
        turns = Turns()
        await turns.acquire("busy")
        async with Work(turns, "small", Clock()) as small:
            await small.pause()  # would wait for ever

    asyncio.run(asyncio.wait_for(run(), 10))


def test_a_heavy_step_waits_for_its_turn_although_the_slice_has_just_begun() -> None:
    async def run() -> None:
        turns = Turns()
        await turns.acquire("busy")
        async with Work(turns, "small", Clock()) as small:
            waiting = asyncio.ensure_future(small.pause(is_heavy=True))
            for _ in range(5):
                await asyncio.sleep(0)
            assert not waiting.done()
            turns.release()
            await waiting

    asyncio.run(asyncio.wait_for(run(), 10))


def test_callers_alternate_whatever_number_of_calls_one_of_them_has() -> None:
    done: list[str] = []

    async def run() -> None:
        turns, clock = Turns(), Clock()
        crowd = [work(turns, "crowd", 20, clock, done) for _ in range(30)]
        await asyncio.gather(*crowd, work(turns, "single", 20, clock, done))

    asyncio.run(run())
    assert done.count("crowd") == 600
    first, last = done.index("single"), len(done) - done[::-1].index("single")
    assert done[first:last].count("crowd") <= 20, "a turn of the crowd's after each of its own"


def test_the_loop_runs_one_turn_in_each_pass() -> None:
    done: list[str] = []

    async def heavy(turns: Turns, clock: Clock) -> None:
        async with Work(turns, "crowd", clock) as mine:
            await mine.pause(is_heavy=True)
            done.append("turn")

    async def run() -> None:
        turns, clock = Turns(), Clock()
        calls = [asyncio.ensure_future(heavy(turns, clock)) for _ in range(50)]
        before = 0
        while not all(call.done() for call in calls):
            await asyncio.sleep(0)
            assert len(done) <= before + 1
            before = len(done)

    asyncio.run(asyncio.wait_for(run(), 10))


def test_of_several_turns_one_caller_cannot_keep_another_from_the_next() -> None:
    async def run() -> None:
        turns = Turns(2)
        for _ in range(2):
            await turns.acquire("crowd")
        crowd = [asyncio.ensure_future(turns.acquire("crowd")) for _ in range(10)]
        await asyncio.sleep(0)
        single = asyncio.ensure_future(turns.acquire("single"))
        await asyncio.sleep(0)
        turns.release()
        turns.release()
        await single
        assert sum(call.done() for call in crowd) == 1
        for call in crowd:
            call.cancel()

    asyncio.run(asyncio.wait_for(run(), 10))


@pytest.mark.parametrize("is_handed", [False, True], ids=["waiting", "just handed the turn"])
def test_the_turn_of_a_cancelled_call_is_passed_on(is_handed: bool) -> None:
    async def run() -> None:
        turns = Turns()
        await turns.acquire("first")
        cancelled = asyncio.ensure_future(turns.acquire("gone"))
        other = asyncio.ensure_future(turns.acquire("other"))
        await asyncio.sleep(0)
        if is_handed:
            turns.release()
        cancelled.cancel()
        with suppress(asyncio.CancelledError):
            await cancelled
        if not is_handed:
            turns.release()
        await other
        turns.release()
        await turns.acquire("later")

    asyncio.run(asyncio.wait_for(run(), 10))
