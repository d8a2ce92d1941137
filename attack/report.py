"""Prints the outcomes as a table, and a line for each promise that did not hold."""

from collections.abc import Mapping, Sequence

from rich.console import Console

from attack.attack import Judged
from attack.outcome import Outcome
from daybook.cli.support.printing import number_of, table

HEADINGS = (
    "attack", "what was sent", "outcome", "tracking p99", "reports p99", "medians, of quiet",
    "alive", "most memory",
)  # fmt: skip


def show(console: Console, outcomes: Sequence[Outcome], notes: Sequence[str]) -> None:
    """`notes` are sentences about the whole run, printed before the failures."""
    console.print(table(HEADINGS, [row(outcome) for outcome in outcomes]))
    for line in [*notes, *failure_lines(outcomes), summary(outcomes)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def row(outcome: Outcome) -> tuple[str, ...]:
    name, mib = outcome.largest
    return (
        f"{outcome.part}: {outcome.attack}",
        outcome.sent,
        "held" if outcome.held else "DID NOT HOLD",
        latency(outcome.p99_ms, "tracking"),
        latency(outcome.p99_ms, "reports"),
        ", ".join(f"×{times:.1f}" for times in outcome.slowed.values()) or "-",
        f"{outcome.alive} of {outcome.processes}",
        f"{name} {mib:.0f} MiB" if name else "",
    )


def latency(p99_ms: Mapping[Judged, float | None], kind: Judged) -> str:
    ms = p99_ms.get(kind)
    return "-" if ms is None else f"{ms:,.0f} ms"


def failure_lines(outcomes: Sequence[Outcome]) -> list[str]:
    return [
        f"did not hold: {outcome.part}: {outcome.attack}: {failure}"
        for outcome in outcomes
        for failure in outcome.failures
    ]


def summary(outcomes: Sequence[Outcome]) -> str:
    held = sum(outcome.held for outcome in outcomes)
    if held == len(outcomes):
        return f"{number_of(held, 'attack')}, and every promise held"
    return f"{held} of {len(outcomes)} attacks held; {len(outcomes) - held} did not"
