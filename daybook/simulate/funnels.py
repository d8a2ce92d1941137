"""The simulated funnels and their definitions; that of the checkout changes halfway."""

from typing import Any

from daybook.simulate.message import Data

CHECKOUT, SIGNUP, TICKETS = "checkout", "signup", "tickets"
EXPLORE = "a.b$c%d:e"
LATE = "late"
"""Published only halfway, after its first traffic."""
GHOST = "ghost"
"""Never published."""

HELP_DESK = "help-desk"
UPSELL, GIFT_WRAP = "upsell", "gift.wrap$"
CHECKOUT_STEPS = ("landing", "product", "cart", UPSELL, "payment", "thanks")
CHECKOUT_STEPS_LATER = ("landing", "product", "cart", GIFT_WRAP, "payment", "thanks")
SIGNUP_STEPS = ("form", "verify", "done")
TICKETS_STEPS = ("browse", "cart", "payment", "confirmation", "entrance")
EXPLORE_STEPS = ("direct", "exit", "other", "x.y$z")
LATE_STEPS = ("one", "two")

_DAY_SECONDS = 24 * 3600


def at_the_start() -> list[Data]:
    """The definitions published before any traffic."""
    return [
        definition(
            CHECKOUT,
            (*CHECKOUT_STEPS, HELP_DESK),
            optional=(UPSELL, HELP_DESK),
            exclusions=[HELP_DESK],
            window_seconds=7 * _DAY_SECONDS,
        ),
        definition(SIGNUP, SIGNUP_STEPS, order="strict", window_seconds=3600),
        definition(TICKETS, TICKETS_STEPS),
        definition(EXPLORE, EXPLORE_STEPS, optional=("other",), order="any", window_seconds=1800),
    ]


def in_the_middle() -> list[Data]:
    """The definitions published halfway.

    One step of the checkout is replaced by another; some visitors still enter the old one.
    """
    return [
        definition(
            CHECKOUT,
            CHECKOUT_STEPS_LATER,
            optional=(GIFT_WRAP,),
            order="ordered",
            window_seconds=2 * _DAY_SECONDS,
        ),
        definition(LATE, LATE_STEPS),
    ]


def definition(
    funnel: str, steps: tuple[str, ...], optional: tuple[str, ...] = (), **more: Any
) -> Data:
    """The data of a `funnel.published` event; `more` are its optional fields."""
    step_data = [
        {"step_id": step, "name": step.title(), "type": "page", "optional": step in optional}
        for step in steps
    ]
    return {"funnel_id": funnel, "name": funnel.title(), "steps": step_data} | more
