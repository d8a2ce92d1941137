"""The report on one step: entries, time spent, traffic sources, and paths in and out."""

from asyncio import gather
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.map_keys import DIRECT, OF_NOBODY, OTHER, name_of
from daybook.query.figures.projections import counts_of, projection
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.series import points
from daybook.query.figures.shares import Rest, Share, rest, shares
from daybook.query.figures.totals import DayDocument, counts, total
from daybook.query.figures.uniques import Uniques, count_uniques
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.load import STEP_FIELDS, hours_if, load_sketches
from daybook.query.read.scope import Scope
from daybook.query.statistics.quantiles import MEDIAN, P90, quantile_seconds
from models.funnel_step import FunnelStepDay


async def is_step_seen(scope: Scope, funnel_id: str, step_id: str) -> bool:
    """Whether a step was ever counted, even if no definition has it."""
    where = {"funnel_id": funnel_id, "step_id": step_id}
    return await scope.find_one(FunnelStepDay.collection, where, ["_id"]) is not None


EXIT = "exit"


class StepFacts(NamedTuple):
    """Documents of one step and period: `analytics_funnel_step`, and its sketches."""

    days: Sequence[DayDocument]
    sketches: Sequence[DayDocument]


class ExitPath(Body):
    """`next_step_id` is null for those who left the funnel."""

    next_step_id: str | None
    count: int


class EntryPath(Body):
    """`previous_step_id` is null for those who came directly."""

    previous_step_id: str | None
    count: int


class StepBrowser(Body):
    browser: str
    visitors: int
    percentage: float


class StepDevice(Body):
    device_type: str
    visitors: int
    percentage: float


class TrafficSource(Body):
    source: str
    visitors: int
    percentage: float


class StepPoint(Body):
    timestamp: str
    visitors: int
    entries: int
    exits: int
    drop_offs: int
    drop_off_rate: float | None
    avg_time_seconds: int | None


class StepSummary(Body):
    """`unique_visitors` counts people of the whole range; times cover entries that have an exit."""

    visitors: int
    unique_visitors: int
    entries: int
    exits: int
    drop_offs: int
    drop_off_rate: float | None
    avg_time_seconds: int | None
    median_time_seconds: int | None
    p90_time_seconds: int | None


class StepReport(Body):
    """`other_…_paths`: paths beyond the limit of 1,000 per stored map."""

    step_id: str
    step_name: str
    step_type: str
    period: Period
    granularity: Granularity
    summary: StepSummary
    uniques: Uniques
    over_time: list[StepPoint]
    traffic_sources: list[TrafficSource]
    devices: list[StepDevice]
    browsers: list[StepBrowser]
    others: dict[str, Rest]
    entry_paths: list[EntryPath]
    exit_paths: list[ExitPath]
    other_entry_paths: int
    other_exit_paths: int
    previous: Previous | None = None
    change: Changes | None = None


def step_report(
    definition: Definition,
    step_id: str,
    span: Span,
    granularity: Granularity,
    facts: StepFacts,
    before: StepFacts | None = None,
) -> StepReport:
    """`before`: the preceding period, for a comparison."""
    step, days = definition.step(step_id), facts.days
    people = count_uniques(days, facts.sketches)
    summary = _summary(days, people)
    comparison: dict[str, Any] = {}
    if before is not None:
        past = _summary(before.days, count_uniques(before.days, before.sketches))
        comparison["previous"], comparison["change"] = compare_parts(
            span.previous().period, {"summary": summary}, {"summary": past}
        )
    sources, other_sources = shares(counts(days, "sources"), OF_NOBODY)
    devices, other_devices = shares(counts(days, "devices"), OF_NOBODY)
    browsers, other_browsers = shares(counts(days, "browsers"), OF_NOBODY)
    return StepReport(
        step_id=step_id,
        step_name=step.name,
        step_type=step.type,
        period=Period(**span.period),
        granularity=granularity,
        summary=summary,
        uniques=people,
        over_time=[_point(*point) for point in points(days, span, granularity)],
        traffic_sources=[
            TrafficSource(source=share.name, **_render_share(share)) for share in sources
        ],
        devices=[StepDevice(device_type=share.name, **_render_share(share)) for share in devices],
        browsers=[StepBrowser(browser=share.name, **_render_share(share)) for share in browsers],
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
        **comparison,
    )


def _summary(days: Sequence[DayDocument], people: Uniques) -> StepSummary:
    histogram = counts(days, "time_histogram")
    return StepSummary(
        visitors=total(days, "visitors"),
        unique_visitors=people.count,
        **_flow(days),
        median_time_seconds=quantile_seconds(histogram, MEDIAN),
        p90_time_seconds=quantile_seconds(histogram, P90),
    )


def _point(timestamp: str, documents: Sequence[DayDocument]) -> StepPoint:
    return StepPoint(timestamp=timestamp, visitors=total(documents, "visitors"), **_flow(documents))


def _flow(documents: Sequence[DayDocument]) -> dict[str, Any]:
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


def _render_share(share: Share) -> dict[str, Any]:
    return {"visitors": share.visitors, "percentage": share.percentage}


def _paths(path_counts: Mapping[str, int], end: str) -> Iterable[tuple[str | None, int]]:
    """Paths without `other`, most frequent first. `end` is the key that stands for no step."""
    for key, count in sorted(path_counts.items(), key=lambda item: (-item[1], item[0])):
        if key != OTHER:
            yield (None if key == end else name_of(key)), count


_STEP_MAPS = ("time_histogram", "entry_paths", "exit_paths", "sources", "devices", "browsers")


async def load_step(
    scope: Scope, funnel_id: str, step_id: str, span: Span, *, hours: bool = False
) -> StepFacts:
    fields = projection(STEP_FIELDS) | counts_of(_STEP_MAPS) | hours_if(hours)
    days, people = await gather(
        scope.days(FunnelStepDay, span, funnel_id, step_id, fields=fields),
        load_sketches(scope, "step", funnel_id, span, step_id),
    )
    return StepFacts(days, people)
