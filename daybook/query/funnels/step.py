"""One step in detail: who entered, how long they stayed, and where they came from and went."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.query.figures.body import Period
from daybook.query.figures.date_range import Span
from daybook.query.figures.folded_comparison import compared
from daybook.query.figures.folded_series import Granularity, series
from daybook.query.figures.map_keys import OTHER, name_of
from daybook.query.figures.money import Document
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.shares import Share, rest, shares
from daybook.query.figures.sums import counts, total
from daybook.query.figures.uniques import Uniques, uniques
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.step_body import (
    Browser,
    Device,
    EntryPath,
    ExitPath,
    StepPoint,
    StepReport,
    StepSummary,
    TrafficSource,
)
from daybook.query.statistics.quantiles import MEDIAN, P90, quantile_seconds

DIRECT, EXIT = "direct", "exit"


class StepFacts(NamedTuple):
    """Of one step and period: `analytics_funnel_step`, and its sketches."""

    days: Sequence[Document]
    sketches: Sequence[Document]


def step_report(
    definition: Definition,
    step_id: str,
    span: Span,
    granularity: Granularity,
    facts: StepFacts,
    before: StepFacts | None = None,
) -> StepReport:
    """`before`: of the period before, where it shall be compared."""
    step, days = definition.step(step_id), facts.days
    people = uniques(days, facts.sketches)
    summary = _summary(days, people)
    told: dict[str, Any] = {}
    if before is not None:
        past = _summary(before.days, uniques(before.days, before.sketches))
        told["previous"], told["change"] = compared(
            span.previous().period, {"summary": summary}, {"summary": past}
        )
    sources, other_sources = shares(counts(days, "sources"))
    devices, other_devices = shares(counts(days, "devices"))
    browsers, other_browsers = shares(counts(days, "browsers"))
    return StepReport(
        step_id=step_id,
        step_name=step.name,
        step_type=step.type,
        period=Period(**span.period),
        granularity=granularity,
        summary=summary,
        uniques=people,
        over_time=[_point(*point) for point in series(days, span, granularity)],
        traffic_sources=[TrafficSource(source=each.name, **_told(each)) for each in sources],
        devices=[Device(device_type=each.name, **_told(each)) for each in devices],
        browsers=[Browser(browser=each.name, **_told(each)) for each in browsers],
        others={
            "traffic_sources": rest(other_sources),
            "devices": rest(other_devices),
            "browsers": rest(other_browsers),
        },
        entry_paths=[
            EntryPath(previous_step_id=name, count=count)
            for name, count in _paths(counts(days, "entry_paths"), DIRECT)
        ],
        exit_paths=[
            ExitPath(next_step_id=name, count=count)
            for name, count in _paths(counts(days, "exit_paths"), EXIT)
        ],
        other_entry_paths=counts(days, "entry_paths").get(OTHER, 0),
        other_exit_paths=counts(days, "exit_paths").get(OTHER, 0),
        **told,
    )


def _summary(days: Sequence[Document], people: Uniques) -> StepSummary:
    histogram = counts(days, "time_histogram")
    return StepSummary(
        visitors=total(days, "visitors"),
        unique_visitors=people.count,
        **_flow(days),
        median_time_seconds=quantile_seconds(histogram, MEDIAN),
        p90_time_seconds=quantile_seconds(histogram, P90),
    )


def _point(timestamp: str, documents: Sequence[Document]) -> StepPoint:
    return StepPoint(timestamp=timestamp, visitors=total(documents, "visitors"), **_flow(documents))


def _flow(documents: Sequence[Document]) -> dict[str, Any]:
    entries, drop_offs = total(documents, "entries"), total(documents, "drop_offs")
    return {
        "entries": entries,
        "exits": total(documents, "exits"),
        "drop_offs": drop_offs,
        "drop_off_rate": rate(drop_offs, entries),
        "avg_time_seconds": average(
            total(documents, "time_spent_seconds"), total(documents, "time_spent_count")
        ),
    }


def _told(share: Share) -> dict[str, Any]:
    return {"visitors": share.visitors, "percentage": share.percentage}


def _paths(found: Mapping[str, int], end: str) -> Iterable[tuple[str | None, int]]:
    """All of them, the most frequent first. `end` is the key that stands for no step."""
    for key, count in sorted(found.items(), key=lambda each: (-each[1], each[0])):
        if key != OTHER:
            yield (None if key == end else name_of(key)), count
