"""The report on drop-offs: where they happen, their severity, reasons and suggestions."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Span
from daybook.query.figures.map_keys import UNATTRIBUTED
from daybook.query.figures.projections import counts_of, projection
from daybook.query.figures.rounding import rate
from daybook.query.figures.totals import DayDocument, by_step, counts, total
from daybook.query.funnels.definition import Definition, Step
from daybook.query.funnels.dropoffs.reasons import OtherReasons, Reason, reasons
from daybook.query.funnels.dropoffs.severity import (
    LEVELS,
    Flow,
    Level,
    Loss,
    Rule,
    graver,
    severity,
)
from daybook.query.funnels.dropoffs.suggestions import Evidence, suggestions
from daybook.query.funnels.load import load_step_days
from daybook.query.funnels.progress import Progress, load_progress
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay


class StepWithDropOff(Body):
    """What is lost at a step. Bounds are Wilson's at 95 %.

    `drop_offs` are exits that bounced and `closes` those that closed the page, of `entries`; `lost`
    are the attempts that `reached` the step and not the next one. `severity` is the graver of the
    two rates', and `severity_by` says whose. `reached`, `lost` and `loss_rate` are null for a step
    without a next one, such as an optional one. `suggestion_rules` has the rule of each suggestion.
    """

    step_id: str
    step_name: str
    entries: int
    drop_offs: int
    drop_off_rate: float | None
    drop_off_rate_lower: float | None
    drop_off_rate_upper: float | None
    previous_drop_off_rate: float | None
    closes: int
    reached: int | None
    lost: int | None
    loss_rate: float | None
    loss_rate_lower: float | None
    loss_rate_upper: float | None
    previous_loss_rate: float | None
    severity: Level
    severity_by: Loss
    severity_rules: list[Rule]
    common_exit_reasons: list[Reason]
    other_exit_reasons: OtherReasons
    suggestions: list[str]
    suggestion_rules: list[str]


class FunnelStep(Body):
    """`reached` counts attempts; the cumulative rate is the share of attempts that did not.

    `pass_through_rate` is the share of those that reached the step which reached the next one too.
    """

    step_id: str
    step_name: str
    visitors: int
    drop_offs: int
    reached: int
    cumulative_drop_off_rate: float | None
    lost: int | None
    pass_through_rate: float | None


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
    """Documents of one period: `analytics_funnel` and `analytics_funnel_step`.

    `progress`: how the attempts went on, by step.
    """

    days: Sequence[DayDocument]
    steps: Sequence[DayDocument]
    progress: Mapping[str, Progress] = MappingProxyType({})


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
        _step(
            step,
            step.step_id == definition.first,
            days_by_step.get(step.step_id, ()),
            past.get(step.step_id, ()),
            (facts.progress.get(step.step_id), before.progress.get(step.step_id)),
        )
        for step in steps
        if total(days_by_step.get(step.step_id, ()), "drop_offs")
        or facts.progress.get(step.step_id, Progress()).lost
    ]
    return DropOffs(
        period=Period(**span.period),
        overall_drop_off_rate=overall.drop_off_rate,
        overall=overall,
        steps_with_drop_off=sorted(
            lossy,
            key=lambda step: (
                LEVELS.index(step.severity),
                -max(step.drop_off_rate_lower or 0, step.loss_rate_lower or 0),
            ),
        ),
        drop_off_funnel=_funnel(definition, days_by_step, facts.progress, overall.attempts),
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
    step: Step,
    is_first: bool,
    days: Sequence[DayDocument],
    before: Sequence[DayDocument],
    gone_on: tuple[Progress | None, Progress | None],
) -> StepWithDropOff:
    """`before`: the step's documents of the period before; `gone_on`: the progress of both."""
    now, past = _flow(days), _flow(before)
    losing, lost_before = map(_loss, gone_on)
    judged, by = graver(severity(now, past), severity(losing, lost_before))
    named, other = reasons(days)
    flows = (now, past) if by == "bounces" else (losing, lost_before)
    suggested = suggestions(Evidence(days, now.whole, by, *flows, judged, named, is_first))
    bounced, lost = now.interval, losing.interval
    return StepWithDropOff(
        step_id=step.step_id,
        step_name=step.name,
        entries=now.whole,
        drop_offs=now.lost,
        drop_off_rate=now.rate,
        drop_off_rate_lower=bounced and bounced.lower,
        drop_off_rate_upper=bounced and bounced.upper,
        previous_drop_off_rate=past.rate,
        closes=counts(days, "exits_by_outcome").get("close", 0),
        reached=losing.whole if gone_on[0] else None,
        lost=losing.lost if gone_on[0] else None,
        loss_rate=losing.rate,
        loss_rate_lower=lost and lost.lower,
        loss_rate_upper=lost and lost.upper,
        previous_loss_rate=lost_before.rate,
        severity=judged.level,
        severity_by=by,
        severity_rules=list(judged.rules),
        common_exit_reasons=named,
        other_exit_reasons=other,
        suggestions=[suggestion.text for suggestion in suggested],
        suggestion_rules=[suggestion.rule for suggestion in suggested],
    )


def _funnel(
    definition: Definition,
    days_by_step: Mapping[str, Sequence[DayDocument]],
    progress: Mapping[str, Progress],
    attempts: int,
) -> list[FunnelStep]:
    """The funnel's own steps, those of earlier definitions too if attempts reached them."""
    rows = []
    for step in definition.all_versions():
        days = days_by_step.get(step.step_id, ())
        reached, gone_on = total(days, "reached"), progress.get(step.step_id)
        if not reached and step not in definition.steps:
            continue
        rows.append(
            FunnelStep(
                step_id=step.step_id,
                step_name=step.name,
                visitors=total(days, "visitors"),
                drop_offs=total(days, "drop_offs"),
                reached=reached,
                cumulative_drop_off_rate=rate(attempts - reached, attempts),
                lost=gone_on.lost if gone_on else None,
                pass_through_rate=rate(gone_on.passed, gone_on.reached) if gone_on else None,
            )
        )
    return rows


def _flow(days: Sequence[DayDocument]) -> Flow:
    return Flow(total(days, "drop_offs"), total(days, "entries"))


def _loss(gone_on: Progress | None) -> Flow:
    return Flow(gone_on.lost, gone_on.reached) if gone_on else Flow(0, 0)


_DROP_OFFS = ("date", "step_id", "visitors", "entries", "drop_offs", "reached")
_EVIDENCE = ("exits_by_outcome", "reasons_by_outcome", "entry_paths")


async def load_drop_offs(
    scope: Scope, definition: Definition, span: Span, *, with_evidence: bool = True
) -> DropOffFacts:
    """The documents of a report; a comparison needs none of the fields that explain it."""
    funnel_id = definition.funnel_id
    days = projection(["date", "attempts", "completions"])
    steps = projection(_DROP_OFFS)
    if with_evidence:
        steps |= projection(_EVIDENCE) | counts_of(["time_histogram"])
    return DropOffFacts(
        *await gather(
            scope.days(FunnelDay, span, funnel_id, fields=days),
            load_step_days(scope, funnel_id, span, steps),
            load_progress(scope, definition, span),
        )
    )
