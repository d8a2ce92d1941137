"""Conversions: how many, of which type, at which step, when, and whose."""

from asyncio import gather
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from daybook.funnels.memory import REMEMBERED_MS
from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Span
from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, by_name, name_of
from daybook.query.figures.money import ANY, Wanted, amount, by_key, known, main_currency, others
from daybook.query.figures.pagination import Cursor, PageRequest, Pagination, pagination
from daybook.query.figures.projections import money_of, projection
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.series import FunnelGranularity, points
from daybook.query.figures.totals import DayDocument, by_step, parts, total
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.load import FUNNEL_FIELDS, STEP_COUNTS, hours_if, load_step_sums
from daybook.query.funnels.overview_steps import first_step_people
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.session import CONVERTED, Sessions

SESSION_AGE_MAX = timedelta(milliseconds=REMEMBERED_MS)


async def load_converted_sessions(
    scope: Scope, funnel_id: str, span: Span, asked: PageRequest
) -> list[Document]:
    """A page of the sessions with a conversion in the range, and one more if there is one.

    In order of their first event, so that new ones come last. A session that began more than 35
    days before the range is not looked for: by then it is forgotten, and nothing is added to it.
    """
    first, after = bounds(span)
    begun: dict[str, datetime] = {"$gte": first - SESSION_AGE_MAX, "$lt": after}
    where: dict[str, Any] = {
        "funnel_id": funnel_id,
        **CONVERTED,
        "conversions": {"$elemMatch": {"at": {"$gte": first, "$lt": after}}},
    }
    if asked.after is not None:
        at, name = asked.after
        begun["$gte"] = max(at, begun["$gte"])
        where["$or"] = [{"started_at": {"$gt": at}}, {"_id": {"$gt": name}}]
    return await scope.find(
        Sessions.collection,
        where | {"started_at": begun},
        fields=["visitor_id", "session_id", "started_at", "conversions"],
        order=[("started_at", 1), ("_id", 1)],
        skip=asked.skip,
        limit=asked.size + 1,
    )


class ConversionFacts(NamedTuple):
    """Of one period: `analytics_funnel`, `…_funnel_step`, and a page of `funnel_sessions`."""

    days: Sequence[DayDocument]
    steps: Sequence[DayDocument] = ()
    sessions: Sequence[DayDocument] = ()


class OtherValue(Body):
    total_value_cents: int
    by_type: dict[str, int]


class ConvertingVisitor(Body):
    """One session's conversions within the range; money in the report's currency."""

    visitor_id: str
    session_id: str
    conversions: int
    total_value_cents: int
    first_conversion_at: str
    last_conversion_at: str


class ConversionPoint(Body):
    """`value_cents` is null for an hour of a day with several currencies."""

    timestamp: str
    conversions: int
    rate: float | None
    value_cents: int | None


class ByStep(Body):
    """`conversion_rate`: converting visitors of the step over the first step's unique visitors."""

    step_id: str
    step_name: str
    conversions: int
    conversion_rate: float | None


class ByType(Body):
    """`rate`: of all conversions."""

    conversion_type: str
    count: int
    rate: float | None
    value_cents: int


class ConversionSummary(Body):
    """`conversion_rate`: converting visitors over unique visitors, each added up over the days."""

    total_conversions: int
    converting_visitors: int
    conversion_rate: float | None
    total_value_cents: int
    avg_value_cents: int | None


class Conversions(Body):
    period: Period
    granularity: FunnelGranularity
    currency: str | None
    summary: ConversionSummary
    by_type: list[ByType]
    by_step: list[ByStep]
    over_time: list[ConversionPoint]
    converting_visitors: list[ConvertingVisitor]
    pagination: Pagination
    by_currency: dict[str, OtherValue]
    previous: Previous | None = None
    change: Changes | None = None


def conversions_report(
    definition: Definition,
    span: Span,
    granularity: FunnelGranularity,
    facts: ConversionFacts,
    asked: PageRequest,
    before: ConversionFacts | None = None,
    wanted: Wanted = ANY,
) -> Conversions:
    """`facts.sessions`: one more than the page has, if there is one."""
    days = facts.days
    currency = main_currency(days, "value_cents", wanted)
    summary = _summary(days, currency)
    told: dict[str, Any] = {}
    if before is not None:
        past = _summary(before.days, currency)
        told["previous"], told["change"] = compare_parts(
            span.previous().period, {"summary": summary}, {"summary": past}
        )
    page = facts.sessions[: asked.size]
    return Conversions(
        period=Period(**span.period),
        granularity=granularity,
        currency=currency,
        summary=summary,
        by_type=_by_type(days, currency, summary.total_conversions),
        by_step=_by_step(definition, facts.steps),
        over_time=[
            ConversionPoint(
                timestamp=point.timestamp,
                conversions=total(point.documents, "conversions"),
                rate=_rate(point.documents),
                value_cents=amount(point.documents, "value_cents", currency),
            )
            for point in points(days, span, granularity)
        ],
        converting_visitors=[converting_visitor(session, span, currency) for session in page],
        pagination=pagination(
            asked, facts.sessions, Cursor(page[-1]["started_at"], page[-1]["_id"]) if page else None
        ),
        by_currency={
            other: OtherValue(
                total_value_cents=known(days, "value_cents", other),
                by_type=dict(by_name(by_key(days, "conversions_by_type", "value_cents", other))),
            )
            for other in others(days, "value_cents", currency)
        },
        **told,
    )


def bounds(span: Span) -> tuple[datetime, datetime]:
    """When a range begins, and when the day after it does: in UTC."""
    first = datetime.combine(span.first, time(), span.fleet_zone)
    after = datetime.combine(span.last + timedelta(days=1), time(), span.fleet_zone)
    return first.astimezone(UTC), after.astimezone(UTC)


def _summary(days: Sequence[DayDocument], currency: str | None) -> ConversionSummary:
    every, value = total(days, "conversions"), known(days, "value_cents", currency)
    return ConversionSummary(
        total_conversions=every,
        converting_visitors=total(days, "converting_visitors"),
        conversion_rate=_rate(days),
        total_value_cents=value,
        avg_value_cents=average(value, every),
    )


def _rate(documents: Sequence[DayDocument]) -> float | None:
    return rate(total(documents, "converting_visitors"), total(documents, "unique_visitors"))


def _by_type(days: Sequence[DayDocument], currency: str | None, every: int) -> list[ByType]:
    counted = parts(days, "conversions_by_type", "count")
    worth = by_key(days, "conversions_by_type", "value_cents", currency)
    return [
        ByType(
            conversion_type=name_of(key, {OTHER}),
            count=count,
            rate=rate(count, every),
            value_cents=worth.get(key, 0),
        )
        for key, count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    ]


def _by_step(definition: Definition, steps: Sequence[DayDocument]) -> list[ByStep]:
    """Every step of the funnel, and others that have conversions; `unattributed` is one."""
    found = by_step(steps)
    people = first_step_people(definition, found)
    converted = [name for name, days in found.items() if total(days, "conversions")]
    return [
        ByStep(
            step_id=step.step_id,
            step_name=step.name,
            conversions=total(found.get(step.step_id, ()), "conversions"),
            conversion_rate=None
            if step.step_id == UNATTRIBUTED
            else rate(total(found.get(step.step_id, ()), "converting_visitors"), people),
        )
        for step in definition.with_seen(converted)
    ]


def converting_visitor(session: DayDocument, span: Span, currency: str | None) -> ConvertingVisitor:
    """A session with a conversion in the range."""
    first, after = bounds(span)
    within = [each for each in session["conversions"] if first <= each["at"] < after]
    cents = [each["value_cents"] or 0 for each in within if each["currency"] == currency]
    return ConvertingVisitor(
        visitor_id=session["visitor_id"],
        session_id=session["session_id"],
        conversions=len(within),
        total_value_cents=sum(map(int, cents)),
        first_conversion_at=span.render(min(each["at"] for each in within)),
        last_conversion_at=span.render(max(each["at"] for each in within)),
    )


async def load_conversions(
    scope: Scope,
    funnel_id: str,
    span: Span,
    asked: PageRequest | None = None,
    *,
    hours: bool = False,
) -> ConversionFacts:
    """Without a page asked for, only what a period is compared by."""
    money = money_of(["value_cents", "conversions_by_type"])
    own = projection([*FUNNEL_FIELDS, "conversions_by_type"]) | money | hours_if(hours)
    days = scope.days(FunnelDay, span, funnel_id, fields=own)
    if asked is None:
        return ConversionFacts(await days)
    return ConversionFacts(
        *await gather(
            days,
            load_step_sums(scope, funnel_id, span, STEP_COUNTS),
            load_converted_sessions(scope, funnel_id, span, asked),
        )
    )
