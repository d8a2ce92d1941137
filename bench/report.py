"""Prints the figures as tables: the ratio of each pair, the cost of each program, the goals."""

from collections.abc import Iterable, Mapping
from statistics import median

from rich.console import Console

from bench.comparison import Comparison
from bench.figure import Figure
from bench.stopwatch import Measured
from daybook.cli.support.printing import table

CLOCK = (
    "The clock runs from the start of the first partition, before its first message, to the last "
    'durable effect (for programs that only read: to the last message read). "start s" is the '
    "time before that, from the start of the process."
)


def show(
    console: Console,
    facts: Mapping[str, str],
    comparisons: list[Comparison],
    figures: list[Figure],
) -> None:
    for name, fact in facts.items():
        console.print(f"{name}: {fact}", markup=False, highlight=False, soft_wrap=True)
    console.print(CLOCK, markup=False, highlight=False, soft_wrap=True)
    headings = ["program", "yardstick", "pair", "events/s", "yardstick's", "ratio"]
    console.print("", table(headings, _pairs(comparisons)), sep="\n")
    headings = ["program", "events/s", "CPU µs/event", "CPU s", "start s", "peak MiB", "events"]
    console.print("", table(headings, _programs(comparisons)), sep="\n")
    if figures:
        headings = ["figure", "unit", "median", "runs"]
        console.print("", table(headings, map(_figure, figures)), sep="\n")
    headings = ["figure", "goal", "median", "reached"]
    goals = [*_goals(comparisons), *_bounds(figures)]
    console.print("", table(headings, goals), sep="\n")


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
    """The cost of each program, as the median of all its runs."""
    runs: dict[str, list[Measured]] = {}
    for one in comparisons:
        for ours, other in one.pairs:
            runs.setdefault(one.program, []).append(ours)
            runs.setdefault(one.yardstick, []).append(other)
    for program, own_runs in runs.items():
        cpu = median(run.cpu_seconds for run in own_runs)
        yield [
            program,
            f"{median(run.rate for run in own_runs):,.0f}",
            f"{cpu / own_runs[0].events * 1e6:.2f}",
            f"{cpu:.2f}",
            f"{median(run.start_seconds for run in own_runs):.2f}",
            f"{max(run.peak_mib for run in own_runs):.0f}",
            f"{own_runs[0].events:,}",
        ]


def _goals(comparisons: Iterable[Comparison]) -> Iterable[list[str]]:
    for one in comparisons:
        if one.goal:
            what = f"{one.program} / {one.yardstick}"
            yield [what, f"at least {one.goal}", f"{one.ratio:.2f}", _verdict(one.reached)]


def _bounds(figures: Iterable[Figure]) -> Iterable[list[str]]:
    for one in figures:
        if one.goal:
            yield [one.what, one.goal, _number(one.median), _verdict(one.reached)]


def _figure(one: Figure) -> list[str]:
    return [one.what, one.unit, _number(one.median), " ".join(map(_number, one.values))]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _verdict(reached: bool) -> str:
    return "reached" if reached else "NOT reached"
