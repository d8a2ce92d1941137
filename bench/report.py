"""The figures as tables: each pair's ratio, what each program took, the goals."""

from collections.abc import Iterable, Mapping
from statistics import median

from rich.console import Console

from bench.comparison import Comparison
from bench.stopwatch import Measured
from cli.printing import table

CLOCK = (
    "The clock runs from the moment when the first partition is told where to read, before its "
    "first message, to the last effect that is durable (for what only reads: to the last message "
    "read); start is what went before, from the birth of the process."
)


def show(console: Console, facts: Mapping[str, str], comparisons: list[Comparison]) -> None:
    for name, fact in facts.items():
        console.print(f"{name}: {fact}", markup=False, highlight=False, soft_wrap=True)
    console.print(CLOCK, markup=False, highlight=False, soft_wrap=True)
    headings = ["program", "beside", "pair", "events/s", "beside's", "ratio"]
    console.print("", table(headings, _pairs(comparisons)), sep="\n")
    headings = ["program", "events/s", "CPU µs/event", "CPU s", "start s", "peak MiB", "events"]
    console.print("", table(headings, _programs(comparisons)), sep="\n")
    headings = ["goal", "at least", "median", "reached"]
    console.print("", table(headings, _goals(comparisons)), sep="\n")


def _pairs(comparisons: Iterable[Comparison]) -> Iterable[list[str]]:
    for one in comparisons:
        for number, (ours, other) in enumerate(one.pairs, start=1):
            ratio = ours.rate / other.rate
            yield [one.program, one.yardstick, str(number), *_figures(ours, other, ratio)]
        ours_median = median(ours.rate for ours, _ in one.pairs)
        other_median = median(other.rate for _, other in one.pairs)
        rates = f"{ours_median:,.0f}", f"{other_median:,.0f}"
        yield [one.program, one.yardstick, "median", *rates, f"{one.ratio:.2f}"]


def _figures(ours: Measured, other: Measured, ratio: float) -> list[str]:
    return [f"{ours.rate:,.0f}", f"{other.rate:,.0f}", f"{ratio:.2f}"]


def _programs(comparisons: Iterable[Comparison]) -> Iterable[list[str]]:
    """What each took, in the median of all its runs."""
    runs: dict[str, list[Measured]] = {}
    for one in comparisons:
        for ours, other in one.pairs:
            runs.setdefault(one.program, []).append(ours)
            runs.setdefault(one.yardstick, []).append(other)
    for program, several in runs.items():
        cpu = median(run.cpu_seconds for run in several)
        yield [
            program,
            f"{median(run.rate for run in several):,.0f}",
            f"{cpu / several[0].events * 1e6:.2f}",
            f"{cpu:.2f}",
            f"{median(run.start_seconds for run in several):.2f}",
            f"{max(run.peak_mib for run in several):.0f}",
            f"{several[0].events:,}",
        ]


def _goals(comparisons: Iterable[Comparison]) -> Iterable[list[str]]:
    for one in comparisons:
        if one.goal:
            what = f"{one.program} / {one.yardstick}"
            reached = "reached" if one.reached else "NOT reached"
            yield [what, str(one.goal), f"{one.ratio:.2f}", reached]
