"""The fields of each document in the answer, without rates and averages, which derive from them."""

from typing import NamedTuple


class Shape(NamedTuple):
    """A collection's fields, by kind.

    `money`: amounts kept per currency. `currency_counters`: counters kept per currency as well.
    """

    counters: tuple[str, ...]
    money: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()
    currency_counters: tuple[str, ...] = ()


FUNNEL, STEP = "analytics_funnel", "analytics_funnel_step"
EXPERIMENT, TICKETED = "analytics_experiment", "analytics_event_metrics"
USERS, ORDERS = "analytics_user_lifecycle", "analytics_order_funnel"
REVENUE, FUNNEL_REVENUE = "analytics_revenue", "analytics_funnel_revenue"
EVENT_REVENUE = "analytics_event_revenue"

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
            "named_visitors",
            "conversions",
            "converting_visitors",
            "attempts",
            "completions",
        ),
        ("value_cents",),
        (
            "conversions_by_type",
            "conversions_by_goal",
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
    USERS: Shape(
        (
            "registrations",
            "verifications",
            "leaders_promoted",
            "leaders_demoted",
            "suspensions",
            "reactivations",
            "deletions",
            "login_successes",
            "login_failures",
            "accounts_locked",
        )
    ),
    ORDERS: Shape(
        (
            "orders_created",
            "payments_initiated",
            "payments_succeeded",
            "payments_failed",
            "orders_confirmed",
            "orders_shipped",
            "orders_delivered",
            "orders_cancelled",
        )
    ),
    REVENUE: Shape(
        ("refunded_orders", "duplicate_payments"),
        (
            "gross_revenue_cents",
            "refunded_cents",
            "refund_excess_cents",
            "refund_reversed_cents",
            "duplicate_payment_cents",
        ),
        (
            "revenue_by_community",
            "revenue_by_promotion",
            "refunded_by_community",
            "refunded_by_promotion",
        ),
        currency_counters=("paid_orders",),
    ),
    FUNNEL_REVENUE: Shape(
        ("refunded_orders", "units"),
        ("gross_revenue_cents", "refunded_cents"),
        ("by_source", "by_step", "products"),
        currency_counters=("orders",),
    ),
    EVENT_REVENUE: Shape(
        ("tickets_sold", "tickets_returned"),
        ("gross_revenue_cents", "refunded_cents"),
        currency_counters=("orders",),
    ),
}
OF_THE_PLATFORM = frozenset({USERS, ORDERS, REVENUE})
"""Collections without organizations: one document per day."""

MONEY_MAPS: dict[str, dict[str, tuple[str, ...]]] = {
    FUNNEL: dict.fromkeys(
        (
            "sources",
            "channels",
            "devices",
            "browsers",
            "countries",
            "campaigns",
            "landing_pages",
            "pages",
            "conversions_by_type",
            "conversions_by_goal",
        ),
        ("value_cents",),
    ),
    REVENUE: dict.fromkeys(SHAPES[REVENUE].maps, ()),
    FUNNEL_REVENUE: dict.fromkeys(SHAPES[FUNNEL_REVENUE].maps, ("revenue_cents", "refunded_cents")),
}
"""Maps with money, and the parts of each key that are money; without parts, the key's value is."""
