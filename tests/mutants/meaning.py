"""Seeded bugs of what numbers mean: splits, rates, losses, revenue, currencies and tickets."""

from tests.mutants.mutant import Mutant

STORED = "tests/consumers/test_visitors_stored.py"
ROUTES = "tests/query/funnels/test_routes.py"
PROGRESS = ("tests/query/funnels/test_progress.py",)
SALES = "tests/query/events/test_sales.py"

MEANING = (
    Mutant(
        "visitors without a source are unknown instead of direct",
        "daybook/funnels/visitor_event.py",
        'return DIRECT if field == "sources" else UNKNOWN',
        "return UNKNOWN",
        (STORED, "-k", "direct"),
    ),
    Mutant(
        "a country that is called unknown counts with nobody's",
        "daybook/funnels/visitor_event.py",
        "return encode_key(value, _RESERVED)",
        "return encode_key(value)",
        (STORED, "-k", "called_unknown"),
    ),
    Mutant(
        "a ticket is admitted once in its life",
        "consumers/funnel_step.py",
        "return event_id not in admissions and len(admissions) < ADMISSIONS_MAX",
        "return not admissions and len(admissions) < ADMISSIONS_MAX",
        (STORED, "-k", "a_pass"),
    ),
    Mutant(
        "a ticket is good for any number of events",
        "consumers/funnel_step.py",
        "return event_id not in admissions and len(admissions) < ADMISSIONS_MAX",
        "return event_id not in admissions",
        (STORED, "-k", "two_hundred"),
    ),
    Mutant(
        "an optional step loses those who skip it",
        "daybook/query/funnels/progress.py",
        "for step in version.steps if not step.is_optional]",
        "for step in version.steps]",
        PROGRESS,
    ),
    Mutant(
        "days of before go by the newest definition",
        "daybook/query/funnels/progress.py",
        "while found and found[-1].first >= first:",
        "while found:",
        PROGRESS,
    ),
    Mutant(
        "a funnel with orders has the basis of its range",
        "daybook/query/funnels/revenue_basis.py",
        "if funnel.revenue_basis is not None:",
        "if funnel.revenue_basis is None:",
        (ROUTES, "-k", "one_basis"),
    ),
    Mutant(
        "a currency is there only if something was sold in it",
        "daybook/query/figures/totals.py",
        "any(amounts.get(name) for name in names)",
        "bool(amounts.get(names[0]))",
        (ROUTES, "-k", "sold_nothing"),
    ),
    Mutant(
        "a loss without a bounce is none",
        "daybook/query/funnels/dropoffs/severity.py",
        "if LEVELS.index(progression.level) < LEVELS.index(bounces.level):",
        "if LEVELS.index(progression.level) > LEVELS.index(bounces.level):",
        ("tests/query/funnels/test_drop_offs.py",),
    ),
    Mutant(
        "the first scan empties a house that is sold out",
        "daybook/query/events/report.py",
        "has_begun = starts_at is not None and starts_at <= now",
        'has_begun = bool(all_days.tracked[-1].get("admissions"))',
        ("tests/query/events/test_occupancy.py",),
    ),
    Mutant(
        "places that were taken back stay taken",
        "daybook/query/events/report.py",
        '    sold -= total(all_days.ordered, "tickets_returned")\n',
        "",
        ("tests/query/events/test_occupancy.py",),
    ),
    Mutant(
        "purchases of pages are revenue although orders are counted",
        "daybook/query/events/sales.py",
        '"revenue_cents": ordered["net_revenue_cents"],',
        '"revenue_cents": max(ordered["net_revenue_cents"] or 0, value_cents or 0),',
        (SALES, "-k", "no_page"),
    ),
    Mutant(
        "a dashboard adds the purchases of events with orders",
        "daybook/query/organizations/routes.py",
        '"event_id": {"$nin": sorted(with_orders)}',
        '"event_id": {"$nin": []}',
        (SALES, "-k", "dashboard"),
    ),
)
