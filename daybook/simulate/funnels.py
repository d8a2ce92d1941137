"""The funnels and their definitions, one of which changes in the middle."""

from typing import Any

from daybook.simulate.message import Data

CHECKOUT, SIGNUP, TICKETS = "checkout", "signup", "tickets"
EXPLORE = "a.b$c%d:e"
LATE = "late"
"""Published in the middle only, after the first of its traffic."""
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
    return [
        definition(
            CHECKOUT,
            CHECKOUT_STEPS,
            optional=(UPSELL,),
            exclusions=[HELP_DESK],
            window_seconds=7 * _DAY_SECONDS,
        ),
        definition(SIGNUP, SIGNUP_STEPS, order="strict", window_seconds=3600),
        definition(TICKETS, TICKETS_STEPS),
        definition(EXPLORE, EXPLORE_STEPS, optional=("other",), order="any", window_seconds=1800),
    ]


def in_the_middle() -> list[Data]:
    """The checkout loses a step and gets another; visitors go on entering the old one."""
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
    """The data of a `funnel.published`."""
    told = [
        {"step_id": step, "name": step.title(), "type": "page", "optional": step in optional}
        for step in steps
    ]
    return {"funnel_id": funnel, "name": funnel.title(), "steps": told} | more
