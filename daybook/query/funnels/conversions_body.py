"""Conversions, as they are answered."""

from daybook.query.figures.body import Body, Period
from daybook.query.figures.folded_comparison import Changes, Told
from daybook.query.figures.folded_series import Granularity
from daybook.query.figures.pagination import Pagination


class ConversionSummary(Body):
    """`conversion_rate`: converting visitors over unique visitors, each added up over the days."""

    total_conversions: int
    converting_visitors: int
    conversion_rate: float | None
    total_value_cents: int
    avg_value_cents: int | None


class ByType(Body):
    """`rate`: of all conversions."""

    conversion_type: str
    count: int
    rate: float | None
    value_cents: int


class ByStep(Body):
    """`conversion_rate`: converting visitors of the step over the first step's unique visitors."""

    step_id: str
    step_name: str
    conversions: int
    conversion_rate: float | None


class ConversionPoint(Body):
    """`value_cents` is null for an hour of a day with several currencies."""

    timestamp: str
    conversions: int
    rate: float | None
    value_cents: int | None


class ConvertingVisitor(Body):
    """One session's conversions within the range; money in the report's currency."""

    visitor_id: str
    session_id: str
    conversions: int
    total_value_cents: int
    first_conversion_at: str
    last_conversion_at: str


class OtherValue(Body):
    total_value_cents: int
    by_type: dict[str, int]


class Conversions(Body):
    period: Period
    granularity: Granularity
    currency: str | None
    summary: ConversionSummary
    by_type: list[ByType]
    by_step: list[ByStep]
    over_time: list[ConversionPoint]
    converting_visitors: list[ConvertingVisitor]
    pagination: Pagination
    by_currency: dict[str, OtherValue]
    previous: Told | None = None
    change: Changes | None = None
