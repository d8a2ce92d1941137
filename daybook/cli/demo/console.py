"""Prints the demo's numbered steps with their times, and progress bars."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_SECONDS_BETWEEN_LINES = 5.0

Advance = Callable[[str, int], None]
"""Called with a bar's name and the amount that is done so far."""


class Steps:
    """The steps of one run, counted and timed."""

    def __init__(self, console: Console, count: int) -> None:
        self._console = console
        self._count = count
        self._number = 0
        self._began = monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self._number += 1
        began = monotonic()
        self._console.print(f"\n[bold][{self._number}/{self._count}] {title}[/]", highlight=False)
        yield
        self._console.print(f"[dim]{seconds(monotonic() - began)}[/]", highlight=False)

    @property
    def total(self) -> str:
        return seconds(monotonic() - self._began)


def seconds(duration: float) -> str:
    return f"{duration:.1f} s"


@contextmanager
def bars(console: Console, totals: Mapping[str, int]) -> Iterator[Advance]:
    """A bar for each name and its total. Without a terminal: a line every 5 s and at the end."""
    if console.is_terminal:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        ) as progress:
            tasks = {name: progress.add_task(name, total=total) for name, total in totals.items()}
            yield lambda name, done: progress.update(tasks[name], completed=done)
        return
    printed_at = dict.fromkeys(totals, monotonic())
    finished: set[str] = set()

    def advance(name: str, done: int) -> None:
        if name in finished:
            return
        if done == totals[name]:
            finished.add(name)
        elif monotonic() - printed_at[name] < _SECONDS_BETWEEN_LINES:
            return
        printed_at[name] = monotonic()
        console.print(f"{name}: {done:,} of {totals[name]:,}", highlight=False)

    yield advance
