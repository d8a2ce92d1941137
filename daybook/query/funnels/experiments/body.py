"""The response bodies about A/B tests."""

from typing import Literal, get_args

from daybook.query.figures.body import Body, Period
from daybook.query.figures.comparison import Changes, Previous
from daybook.query.funnels.definition import Basis
from daybook.query.funnels.experiments.checks import Check

Metric = Literal["conversion_rate", "revenue_per_visitor"]
METRICS: tuple[Metric, ...] = get_args(Metric)


class Effect(Body):
    """A variant minus the control, absolute, with Welch's two-sided p and the 95 % interval.

    `corrected_p` is p after the test's `correction` for several variants, and decides.
    """

    difference: float
    lower: float
    upper: float
    p: float
    corrected_p: float


class Variant(Body):
    """`conversions` counts converting visitors. The improvement is relative, a point estimate.

    `confidence` is 1 − `corrected_p` of the test's metric; null for the control.
    """

    variant_id: str
    variant_name: str
    is_control: bool
    traffic_split: float | None
    visitors: int
    conversions: int
    conversion_rate: float | None
    revenue_cents: int
    avg_revenue_per_visitor_cents: int | None
    improvement_vs_control: float | None
    confidence: float | None
    multiple_exposures: int
    by_conversion_rate: Effect | None
    by_revenue_per_visitor: Effect | None


class VariantNumbers(Body):
    """What a comparison with the preceding period shows of a variant."""

    visitors: int
    conversions: int
    conversion_rate: float | None
    revenue_cents: int
    avg_revenue_per_visitor_cents: int | None
    multiple_exposures: int


class Winner(Body):
    variant_id: str
    reason: str


class Experiment(Body):
    """`sequential`: p and intervals hold however often they are looked at; else for one look.

    `declared_winner_id`: the variant that the test's owner declared when they completed it.
    `correction` is null for a test that compares one variant with the control.
    """

    test_id: str
    test_name: str
    status: Literal["running", "completed", "stopped"]
    started_at: str | None
    completed_at: str | None
    declared_winner_id: str | None
    metric: Metric
    sequential: bool
    correction: Literal["holm"] | None
    currency: str | None
    variants: list[Variant]
    gates: list[Check]
    winner: Winner | None
    by_currency: dict[str, dict[str, int]]


class Experiments(Body):
    """`period`: the days of first exposure that are included. `basis`: what money is taken from.

    `previous` and `change` name a variant by `test_id`, a space and `variant_id`.
    """

    period: Period
    basis: Basis
    tests: list[Experiment]
    previous: Previous | None = None
    change: Changes | None = None
