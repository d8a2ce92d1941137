"""Conversions: how many, of which type, at which step, when, and whose."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from daybook.query.figures.body import Period
from daybook.query.figures.date_range import Span
from daybook.query.figures.folded_comparison import compared
from daybook.query.figures.folded_series import Granularity, series
from daybook.query.figures.map_keys import OTHER, UNATTRIBUTED, by_name, name_of
from daybook.query.figures.money import (
    ANY,
    Document,
    Wanted,
    amount,
    by_key,
    known,
    main_currency,
    others,
)
from daybook.query.figures.pagination import Asked, Place, pagination
from daybook.query.figures.rounding import average, rate
from daybook.query.figures.sums import by_step, parts, total
from daybook.query.funnels.conversions_body import (
    ByStep,
    ByType,
    ConversionPoint,
    Conversions,
    ConversionSummary,
    ConvertingVisitor,
    OtherValue,
)
from daybook.query.funnels.definition import Definition
from daybook.query.funnels.overview_steps import first_step_people


class ConversionFacts(NamedTuple):
    """Of one period: `analytics_funnel`, `…_funnel_step`, and a page of `funnel_sessions`."""

    days: Sequence[Document]
    steps: Sequence[Document] = ()
    sessions: Sequence[Document] = ()


def conversions(
    definition: Definition,
    span: Span,
    granularity: Granularity,
    facts: ConversionFacts,
    asked: Asked,
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
        told["previous"], told["change"] = compared(
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
            for point in series(days, span, granularity)
        ],
        converting_visitors=[converting_visitor(session, span, currency) for session in page],
        pagination=pagination(
            asked, facts.sessions, Place(page[-1]["started_at"], page[-1]["_id"]) if page else None
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


def _summary(days: Sequence[Document], currency: str | None) -> ConversionSummary:
    every, value = total(days, "conversions"), known(days, "value_cents", currency)
    return ConversionSummary(
        total_conversions=every,
        converting_visitors=total(days, "converting_visitors"),
        conversion_rate=_rate(days),
        total_value_cents=value,
        avg_value_cents=average(value, every),
    )


def _rate(documents: Sequence[Document]) -> float | None:
    return rate(total(documents, "converting_visitors"), total(documents, "unique_visitors"))


def _by_type(days: Sequence[Document], currency: str | None, every: int) -> list[ByType]:
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


def _by_step(definition: Definition, steps: Sequence[Document]) -> list[ByStep]:
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


def converting_visitor(session: Document, span: Span, currency: str | None) -> ConvertingVisitor:
    """A session with a conversion in the range."""
    first, after = bounds(span)
    within = [each for each in session["conversions"] if first <= each["at"] < after]
    cents = [each["value_cents"] or 0 for each in within if each["currency"] == currency]
    return ConvertingVisitor(
        visitor_id=session["visitor_id"],
        session_id=session["session_id"],
        conversions=len(within),
        total_value_cents=sum(map(int, cents)),
        first_conversion_at=span.told(min(each["at"] for each in within)),
        last_conversion_at=span.told(max(each["at"] for each in within)),
    )
