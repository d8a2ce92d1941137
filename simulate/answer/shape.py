"""The fields of each document that the answer tells. Rates and averages follow from them."""

from typing import NamedTuple


class Shape(NamedTuple):
    """`money` are the scalar fields that stand by currency."""

    counters: tuple[str, ...]
    money: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()


FUNNEL, STEP = "analytics_funnel", "analytics_funnel_step"
EXPERIMENT, TICKETED = "analytics_experiment", "analytics_event_metrics"

SHAPES = {
    FUNNEL: Shape(
        (
            "page_views",
            "sessions",
            "bounced_sessions",
            "visit_seconds",
            "visitors",
            "unique_visitors",
            "new_visitors",
            "returning_visitors",
            "conversions",
            "converting_visitors",
            "attempts",
            "completions",
        ),
        ("value_cents",),
        (
            "conversions_by_type",
            "sources",
            "channels",
            "devices",
            "browsers",
            "countries",
            "campaigns",
            "landing_pages",
            "pages",
            "bots",
        ),
    ),
    STEP: Shape(
        (
            "entries",
            "exits",
            "drop_offs",
            "visitors",
            "unique_visitors",
            "conversions",
            "converting_visitors",
            "time_spent_seconds",
            "time_spent_count",
            "reached",
        ),
        ("value_cents",),
        (
            "exits_by_outcome",
            "reasons_by_outcome",
            "sources",
            "devices",
            "browsers",
            "time_histogram",
            "entry_paths",
            "exit_paths",
        ),
    ),
    EXPERIMENT: Shape(
        ("visitors", "conversions", "multiple_exposures"),
        ("value_cents", "value_cents_squared"),
    ),
    TICKETED: Shape(
        (
            "views",
            "add_to_cart",
            "checkouts_started",
            "tickets_sold",
            "unique_viewers",
            "unique_buyers",
            "emails_confirmed",
            "emails_failed",
            "admissions",
        ),
        ("revenue_cents",),
    ),
}
MONEY_MAPS = {
    FUNNEL: (
        "sources",
        "channels",
        "devices",
        "browsers",
        "countries",
        "campaigns",
        "landing_pages",
        "pages",
        "conversions_by_type",
    )
}
"""Maps of {key: {…, value_cents}}."""
