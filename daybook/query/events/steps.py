"""The steps of a ticketed event, from browsing to admission, with the rates between them."""

from typing import Any

from daybook.query.figures.rounding import rate
from daybook.query.figures.totals import Numbers

STEPS = {
    "browse": "views",
    "cart": "add_to_cart",
    "payment": "tickets_sold",
    "confirmation": "emails_confirmed",
    "admission": "admissions",
}
"""Each step, with the number of `analytics_event_metrics` that it counts."""


def steps(numbers: Numbers) -> list[dict[str, Any]]:
    """Each step's count, its share of the step before, and what is missing to that.

    Counts are of views, carts, tickets, e-mails and scans, not of people: three tickets in one cart
    give a rate above 1, and then nobody dropped off. Both are null for the first step, and after a
    step that nobody took.
    """
    found = []
    before: int | None = None
    for step, field in STEPS.items():
        count = int(numbers[field] or 0)
        share = None if before is None else rate(count, before)
        found.append(
            {
                "step": step,
                "count": count,
                "conversion_rate": share,
                "drop_off_rate": None if share is None else max(0.0, 1 - share),
            }
        )
        before = count
    return found
