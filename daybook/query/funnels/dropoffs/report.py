"""The report on drop-offs: where they happen, their severity, reasons and suggestions."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Span
from daybook.query.figures.map_keys import UNATTRIBUTED
from daybook.query.figures.projections import counts_of, projection
from daybook.query.figures.rounding import rate
from daybook.query.figures.totals import DayDocument, by_step, total
from daybook.query.funnels.definition import Definition, Step
from daybook.query.funnels.dropoffs.reasons import OtherReasons, Reason, reasons
from daybook.query.funnels.dropoffs.severity import Flow, Level, Rule, severity
from daybook.query.funnels.dropoffs.suggestions import Evidence, suggestions
from daybook.query.funnels.load import load_step_days
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay

_SEVERITY_ORDER: dict[Level, int] = {"high": 0, "medium": 1, "low": 2}


class StepWithDropOff(Body):
    """Bounds are Wilson's at 95 %. `suggestion_rules` contains the rule of each suggestion."""

    step_id: str
    step_name: str
    entries: int
    drop_offs: int
    drop_off_rate: float | None
    drop_off_rate_lower: float
    drop_off_rate_upper: float
    previous_drop_off_rate: float | None
    severity: Level
    severity_rules: list[Rule]
    common_exit_reasons: list[Reason]
    other_exit_reasons: OtherReasons
    suggestions: list[str]
    suggestion_rules: list[str]


class FunnelStep(Body):
    """`reached` counts attempts; the cumulative rate is the share of attempts that did not."""

    step_id: str
    step_name: str
    visitors: int
    drop_offs: int
    reached: int
    cumulative_drop_off_rate: float | None


class Attempts(Body):
    """An attempt is a day on which a visitor entered the first step."""

    attempts: int
    completions: int
    drop_offs: int
    drop_off_rate: float | None


class DropOffs(Body):
    period: Period
    overall_drop_off_rate: float | None
    overall: Attempts
    steps_with_drop_off: list[StepWithDropOff]
    drop_off_funnel: list[FunnelStep]
    previous: Previous | None = None
    change: Changes | None = None


class DropOffFacts(NamedTuple):
    """Documents of one period: `analytics_funnel` and `analytics_funnel_step`."""

    days: Sequence[DayDocument]
    steps: Sequence[DayDocument]


def drop_offs_report(
    definition: Definition,
    span: Span,
    facts: DropOffFacts,
    before: DropOffFacts,
    *,
    comparing: bool = False,
) -> DropOffs:
    """`before`: the preceding period, with which the severity of a step is compared."""
    days_by_step, past = by_step(facts.steps), by_step(before.steps)
    steps = definition.with_seen(days_by_step.keys() - {UNATTRIBUTED})
    overall = _overall(facts)
    comparison: dict[str, Any] = {}
    if comparing:
        comparison["previous"], comparison["change"] = compare_parts(
            span.previous().period, {"overall": overall}, {"overall": _overall(before)}
        )
    lossy = [
        _step(step, days_by_step[step.step_id], past.get(step.step_id, ()), definition.first)
        for step in steps
        if total(days_by_step.get(step.step_id, ()), "drop_offs")
    ]
    return DropOffs(
        period=Period(**span.period),
        overall_drop_off_rate=overall.drop_off_rate,
        overall=overall,
        steps_with_drop_off=sorted(
            lossy, key=lambda step: (_SEVERITY_ORDER[step.severity], -step.drop_off_rate_lower)
        ),
        drop_off_funnel=_funnel(steps, days_by_step, overall.attempts),
        **comparison,
    )


def _overall(facts: DropOffFacts) -> Attempts:
    attempts, completions = total(facts.days, "attempts"), total(facts.days, "completions")
    return Attempts(
        attempts=attempts,
        completions=completions,
        drop_offs=total(facts.steps, "drop_offs"),
        drop_off_rate=rate(attempts - completions, attempts),
    )


def _step(
    step: Step, days: Sequence[DayDocument], before: Sequence[DayDocument], first: str | None
) -> StepWithDropOff:
    now, past = _flow(days), _flow(before)
    judged = severity(now, past)
    named, other = reasons(days)
    suggested = suggestions(Evidence(days, now, past, judged, named, step.step_id == first))
    interval = now.interval
    assert interval is not None
    return StepWithDropOff(
        step_id=step.step_id,
        step_name=step.name,
        entries=now.entries,
        drop_offs=now.drop_offs,
        drop_off_rate=now.rate,
        drop_off_rate_lower=interval.lower,
        drop_off_rate_upper=interval.upper,
        previous_drop_off_rate=past.rate,
        severity=judged.level,
        severity_rules=list(judged.rules),
        common_exit_reasons=named,
        other_exit_reasons=other,
        suggestions=[suggestion.text for suggestion in suggested],
        suggestion_rules=[suggestion.rule for suggestion in suggested],
    )


def _funnel(
    steps: Sequence[Step], days_by_step: Mapping[str, Sequence[DayDocument]], attempts: int
) -> list[FunnelStep]:
    rows = []
    for step in steps:
        days = days_by_step.get(step.step_id, ())
        reached = total(days, "reached")
        rows.append(
            FunnelStep(
                step_id=step.step_id,
                step_name=step.name,
                visitors=total(days, "visitors"),
                drop_offs=total(days, "drop_offs"),
                reached=reached,
                cumulative_drop_off_rate=rate(attempts - reached, attempts),
            )
        )
    return rows


def _flow(days: Sequence[DayDocument]) -> Flow:
    return Flow(total(days, "drop_offs"), total(days, "entries"))


_DROP_OFFS = ("date", "step_id", "visitors", "entries", "drop_offs", "reached")
_EVIDENCE = ("exits_by_outcome", "reasons_by_outcome", "entry_paths")


async def load_drop_offs(
    scope: Scope, funnel_id: str, span: Span, *, with_evidence: bool = True
) -> DropOffFacts:
    """The documents of a report; a comparison needs none of the fields that explain it."""
    days = projection(["date", "attempts", "completions"])
    steps = projection(_DROP_OFFS)
    if with_evidence:
        steps |= projection(_EVIDENCE) | counts_of(["time_histogram"])
    return DropOffFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=days),
            load_step_days(scope, funnel_id, span, steps),
        )
    )
