"""Organizations take turns: none waits for more of another's reports than its own share."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from daybook.query.answer.fair_queue import (
    REPORTS_MAX,
    REPORTS_PER_CALLER,
    REPORTS_PER_OWNER,
    WAITING_PER_OWNER,
    Busy,
    FairQueue,
)
from daybook.query.read.shares import QUERIES_PER_OWNER, Shares


class Reports:
    """Reports that are computed until `finish`, in the order in which they began."""

    def __init__(self) -> None:
        self.queue = FairQueue()
        self.began: list[str] = []
        self.running: list[tuple[str, asyncio.Event]] = []

    def ask(self, owner: str, caller: str = "") -> asyncio.Task[None]:
        return asyncio.create_task(self._compute(owner, caller or f"{owner} {len(self.began)}"))

    async def _compute(self, owner: str, caller: str) -> None:
        async with self.queue.turn(owner, caller):
            over = asyncio.Event()
            self.began.append(owner)
            self.running.append((owner, over))
            await over.wait()

    async def finish(self, owner: str) -> None:
        """Ends the owner's oldest report."""
        index = next(i for i, (name, _) in enumerate(self.running) if name == owner)
        self.running.pop(index)[1].set()
        await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def play(scene: Callable[[Reports], Awaitable[None]]) -> None:
    async def run() -> None:
        await scene(Reports())
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    asyncio.run(run())


def test_an_organizations_reports_do_not_keep_another_waiting() -> None:
    async def scene(reports: Reports) -> None:
        for number in range(60):
            reports.ask("loud", f"caller {number}")
        await settle()
        assert reports.began == ["loud"] * REPORTS_PER_OWNER
        reports.ask("quiet")
        await settle()
        assert reports.began[-1] == "quiet"

    play(scene)


def test_free_turns_go_to_organizations_in_rotation() -> None:
    async def scene(reports: Reports) -> None:
        for owner in "abcdef":
            for number in range(10):
                reports.ask(owner, f"{owner} {number}")
        await settle()
        assert len(reports.running) == REPORTS_MAX
        for _ in range(12):
            await reports.finish(reports.running[0][0])
        counts = Counter(reports.began)
        # Two more for those who came first, when everything was free.
        assert max(counts.values()) - min(counts.values()) <= REPORTS_PER_OWNER

    play(scene)


def test_more_than_an_organizations_queue_or_a_callers_share_is_429() -> None:
    async def scene(reports: Reports) -> None:
        of_one = [reports.ask("a", "key:1") for _ in range(REPORTS_PER_CALLER + 1)]
        await settle()
        assert [task.done() for task in of_one].count(True) == 1
        with pytest.raises(Busy) as refused:
            await of_one[-1]
        assert refused.value.status == 429
        assert int(refused.value.headers["Retry-After"]) >= 1
        rest = WAITING_PER_OWNER + REPORTS_PER_OWNER - REPORTS_PER_CALLER
        waiting = [reports.ask("a", f"key:{number}") for number in range(2, rest + 2)]
        await settle()
        assert not any(task.done() for task in waiting)
        with pytest.raises(Busy):
            await reports.ask("a", "another key")
        await reports.finish("a")
        assert not reports.ask("a", "another key").done()

    play(scene)


def test_a_request_that_is_given_up_leaves_its_place() -> None:
    async def scene(reports: Reports) -> None:
        tasks = [reports.ask("a", f"key:{number}") for number in range(5)]
        await settle()
        for task in (tasks[0], tasks[2]):  # one that runs, one that waits
            task.cancel()
        await settle()
        assert len(reports.began) == REPORTS_PER_OWNER + 1
        for task in tasks:
            task.cancel()
        await settle()
        for _ in range(REPORTS_PER_OWNER):
            reports.ask("a")
        await settle()
        assert len(reports.began) == 2 * REPORTS_PER_OWNER + 1

    play(scene)


def test_queries_of_an_organization_run_a_few_at_a_time() -> None:
    async def scene() -> None:
        shares, over = Shares(), asyncio.Event()
        inside: Counter[str] = Counter()

        async def query(owner: str) -> None:
            async with shares.query(owner):
                inside[owner] += 1
                await over.wait()

        tasks = [asyncio.create_task(query(owner)) for owner in "a" * 50 + "b"]
        await settle()
        assert inside == {"a": QUERIES_PER_OWNER, "b": 1}
        over.set()
        await asyncio.gather(*tasks)
        assert inside == {"a": 50, "b": 1}

    asyncio.run(scene())
