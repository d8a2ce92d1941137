"""The report on conversions: by type, step, time and visitor."""

from asyncio import gather
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from daybook.funnels.memory import REMEMBERED_MS
from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous, compare_parts
from daybook.query.figures.date_range import Granularity, Span
from daybook.query.figures.map_keys import by_name
from daybook.query.figures.money import (
    ANY,
    CurrencyPreference,
    amount,
    by_key,
    day_amount,
    main_currency,
    others,
)
from daybook.query.figures.pagination import Cursor, PageRequest, Pagination, pagination
from daybook.query.figures.projections import money_of, projection
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.series import points
from daybook.query.figures.totals import DayDocument, total
from daybook.query.figures.uniques import (
    Uniques,
    count_converting,
    count_uniques,
    rate_of_people,
)
from daybook.query.funnels.conversion_splits import (
    ByGoal,
    ByStep,
    ByType,
    converted_by_goal,
    converted_by_step,
    converted_by_type,
)
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.load import (
    FUNNEL_FIELDS,
    STEP_COUNTS,
    hours_if,
    load_people,
    load_step_sums,
)
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.funnel import FunnelDay
from models.session import CONVERTED, Sessions

SESSION_AGE_MAX = timedelta(milliseconds=REMEMBERED_MS)


async def load_converted_sessions(
    scope: Scope, funnel_id: str, span: Span, page_request: PageRequest
) -> list[Document]:
    """A page of the sessions with a conversion in the range, and one more row if there is one.

    They are ordered by their first event, so new ones come last. Sessions that began more than 35
    days before the range are left out: the group forgets them after that time and adds nothing.
    """
    first, after = bounds(span)
    started: dict[str, datetime] = {"$gte": first - SESSION_AGE_MAX, "$lt": after}
    where: dict[str, Any] = {
        "funnel_id": funnel_id,
        **CONVERTED,
        "conversions": {"$elemMatch": {"at": {"$gte": first, "$lt": after}}},
    }
    if page_request.after is not None:
        at, session_id = page_request.after
        started["$gte"] = max(at, started["$gte"])
        where["$or"] = [{"started_at": {"$gt": at}}, {"_id": {"$gt": session_id}}]
    return await scope.find(
        Sessions.collection,
        where | {"started_at": started},
        fields=["visitor_id", "session_id", "started_at", "conversions"],
        order=[("started_at", 1), ("_id", 1)],
        skip=page_request.skip,
        limit=page_request.size + 1,
    )


class ConversionFacts(NamedTuple):
    """Documents of one period: `analytics_funnel`, `…_uniques` of visitors and of those who
    converted, `…_funnel_step`, and a page of `funnel_sessions`."""

    days: Sequence[DayDocument]
    visiting: Sequence[DayDocument] = ()
    converting: Sequence[DayDocument] = ()
    steps: Sequence[DayDocument] = ()
    sessions: Sequence[DayDocument] = ()


class OtherValue(Body):
    total_value_cents: int
    by_type: dict[str, int]


class ConvertingVisitor(Body):
    """One session's conversions within the range; amounts in the report's currency."""

    visitor_id: str
    session_id: str
    conversions: int
    total_value_cents: int
    first_conversion_at: str
    last_conversion_at: str


class ConversionPoint(Body):
    """`by_currency`: the values in the point's other currencies.

    Hours of a day with several currencies have no amounts: `value_cents` is null there.
    """

    timestamp: str
    conversions: int
    rate: float | None
    value_cents: int | None
    by_currency: dict[str, int]


class ConversionSummary(Body):
    """`conversion_rate`: people who converted over people who visited, in the whole range.

    `daily_conversion_rate`: the days' converting visitors over their unique visitors, each summed
    over the days.
    """

    total_conversions: int
    converting_visitors: int
    conversion_rate: float | None
    conversion_rate_lower: float | None
    conversion_rate_upper: float | None
    daily_conversion_rate: float | None
    total_value_cents: int
    avg_value_cents: int | None


class Conversions(Body):
    period: Period
    granularity: Granularity
    currency: str | None
    summary: ConversionSummary
    converting_uniques: Uniques
    by_type: list[ByType]
    by_goal: list[ByGoal]
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
    granularity: Granularity,
    facts: ConversionFacts,
    page_request: PageRequest,
    before: ConversionFacts | None = None,
    preference: CurrencyPreference = ANY,
) -> Conversions:
    """`facts.sessions`: the page's, and one more if there is one."""
    days = facts.days
    currency = main_currency(days, ("value_cents",), preference)
    converting = count_converting(days, facts.converting)
    summary = _summary(facts, converting, currency)
    comparison: dict[str, Any] = {}
    if before is not None:
        past = _summary(before, count_converting(before.days, before.converting), currency)
        comparison["previous"], comparison["change"] = compare_parts(
            span.previous().period, {"summary": summary}, {"summary": past}
        )
    page = facts.sessions[: page_request.size]
    return Conversions(
        period=Period(**span.period),
        granularity=granularity,
        currency=currency,
        summary=summary,
        converting_uniques=converting,
        by_type=converted_by_type(days, currency, summary.total_conversions),
        by_goal=converted_by_goal(days, currency, summary.total_conversions),
        by_step=converted_by_step(definition, facts.steps),
        over_time=[
            ConversionPoint(
                timestamp=point.timestamp,
                conversions=total(point.documents, "conversions"),
                rate=_rate(point.documents),
                value_cents=amount(point.documents, "value_cents", currency),
                by_currency={
                    other: day_amount(point.documents, "value_cents", other)
                    for other in others(point.documents, ("value_cents",), currency)
                },
            )
            for point in points(days, span, granularity)
        ],
        converting_visitors=[converting_visitor(session, span, currency) for session in page],
        pagination=pagination(
            page_request,
            facts.sessions,
            Cursor(page[-1]["started_at"], page[-1]["_id"]) if page else None,
        ),
        by_currency={
            other: OtherValue(
                total_value_cents=day_amount(days, "value_cents", other),
                by_type=dict(by_name(by_key(days, "conversions_by_type", "value_cents", other))),
            )
            for other in others(days, ("value_cents",), currency)
        },
        **comparison,
    )


def bounds(span: Span) -> tuple[datetime, datetime]:
    """The start of the range, and of the day after it, in UTC."""
    first = datetime.combine(span.first, time(), span.fleet_zone)
    after = datetime.combine(span.last + timedelta(days=1), time(), span.fleet_zone)
    return first.astimezone(UTC), after.astimezone(UTC)


def _summary(
    facts: ConversionFacts, converting: Uniques, currency: str | None
) -> ConversionSummary:
    days = facts.days
    conversions, value = total(days, "conversions"), day_amount(days, "value_cents", currency)
    people = rate_of_people(converting, count_uniques(days, facts.visiting))
    return ConversionSummary(
        total_conversions=conversions,
        converting_visitors=converting.count,
        conversion_rate=people.rate,
        conversion_rate_lower=people.lower,
        conversion_rate_upper=people.upper,
        daily_conversion_rate=_rate(days),
        total_value_cents=value,
        avg_value_cents=average(value, conversions),
    )


def _rate(documents: Sequence[DayDocument]) -> float | None:
    return rate(total(documents, "converting_visitors"), total(documents, "unique_visitors"))


def converting_visitor(session: DayDocument, span: Span, currency: str | None) -> ConvertingVisitor:
    """The conversions of a session that has any in the range."""
    first, after = bounds(span)
    within = [item for item in session["conversions"] if first <= item["at"] < after]
    cents = [item["value_cents"] or 0 for item in within if item["currency"] == currency]
    return ConvertingVisitor(
        visitor_id=session["visitor_id"],
        session_id=session["session_id"],
        conversions=len(within),
        total_value_cents=sum(map(int, cents)),
        first_conversion_at=span.render(min(item["at"] for item in within)),
        last_conversion_at=span.render(max(item["at"] for item in within)),
    )


async def load_conversions(
    scope: Scope,
    funnel_id: str,
    span: Span,
    page_request: PageRequest | None = None,
    *,
    hours: bool = False,
) -> ConversionFacts:
    """The documents of a report; without `page_request` only those that a comparison needs."""
    maps = ["conversions_by_type", "conversions_by_goal"]
    money = money_of(["value_cents", *maps])
    fields = projection([*FUNNEL_FIELDS, *maps]) | money | hours_if(hours)
    days, people = await gather(
        scope.days(FunnelDay, span, funnel_id, fields=fields), load_people(scope, funnel_id, span)
    )
    if page_request is None:
        return ConversionFacts(days, *people)
    steps, sessions = await gather(
        load_step_sums(scope, funnel_id, span, STEP_COUNTS),
        load_converted_sessions(scope, funnel_id, span, page_request),
    )
    return ConversionFacts(days, *people, steps, sessions)
