"""What a recount finds does not depend on how many keys it takes up at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest

from daybook.recount.days import Days
from daybook.recount.funnel_step import measures
from daybook.recount.replay import replay as replaying
from daybook.recount.replay.replay import Replay
from daybook.recount.replay.runner import Runner
from tests.support.funnel_traffic import Traffic
from tests.support.funnel_traffic import replayed as replayed_traffic
from tests.support.order_traffic import Orders
from tests.support.recounting import replayed

MANY = 24_000
"""Slices for this part of the memory have few keys each."""


@contextmanager
def tracking() -> Iterator[Replay]:
    """With visitors whose sessions are forgotten, duplicates and events of bots."""
    entries = Traffic(90, visitors=12, sessions=70, days=60).entries(700)
    with replayed_traffic(entries, duplicate_window=20) as replay:
        yield replay


@contextmanager
def orders() -> Iterator[Replay]:
    with replayed(Orders(91).write(400), duplicate_window=6, order_waiting_max=3) as replay:
        yield replay


def everything(replay: Replay) -> dict[str, Any]:
    sums = {
        name: ({path: n for path, n in one.sums.items() if n}, one.spans)
        for name, one in replay.results.documents(Days()).items()
    }
    states = {name: dict(replay.results.states(name)) for name in replay.results.whole_documents}
    return {
        "sums": sums,
        "states": states,
        # Each slice with a visitor of a user finds the user.
        "keys": sorted(set(replay.results.sketch_keys(Days()))),
        "unreadable": replay.results.unreadable(),
    }


@pytest.mark.parametrize("log", [tracking, orders])
def test_many_slices_give_the_same_as_one(
    log: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with log() as replay:
        together = everything(replay)
    slices: list[int] = []
    monkeypatch.setattr(replaying, "_SLICES_PER_MEMORY", MANY)
    with log() as replay:
        replay.report = lambda done, total: slices.append(total)
        apart = everything(replay)
    assert slices[0] > 1
    assert apart == together


def test_units_measured_some_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    with tracking() as replay:
        together = everything(replay)
    monkeypatch.setattr(measures, "EVENTS_AT_ONCE", 500)
    with tracking() as replay:
        assert everything(replay) == together


@pytest.mark.parametrize("times", [1, 3], ids=["one at a time", "smaller ones"])
def test_without_room_slices_run_one_at_a_time_and_then_smaller_ones(
    monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    with orders() as replay:
        together = everything(replay)
    refused: list[Runner] = []
    totals: list[int] = []
    measure = Runner.measure

    def measure_later(runner: Runner) -> None:
        if len(refused) < times:
            refused.append(runner)
            raise duckdb.OutOfMemoryException("no room")
        measure(runner)

    monkeypatch.setattr(Runner, "measure", measure_later)
    monkeypatch.setattr(replaying, "_SLICES_PER_MEMORY", MANY)
    with orders() as replay:
        replay.report = lambda done, total: totals.append(total)
        assert everything(replay) == together
    assert len(refused) >= times
