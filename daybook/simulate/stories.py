"""The stories: what a visitor does in one visit, from buying to leaving at once."""

from collections.abc import Callable

from daybook.simulate import experiments, orders, users
from daybook.simulate.dice import Table
from daybook.simulate.experiments import FREE_SHIPPING, LONG_FORM, SECOND_VARIANT_CHANCE, Experiment
from daybook.simulate.funnels import (
    CHECKOUT,
    CHECKOUT_STEPS,
    CHECKOUT_STEPS_LATER,
    EXPLORE,
    EXPLORE_STEPS,
    GHOST,
    GIFT_WRAP,
    HELP_DESK,
    LATE,
    LATE_STEPS,
    SIGNUP,
    SIGNUP_STEPS,
    UPSELL,
)
from daybook.simulate.message import Data
from daybook.simulate.tickets import buy_tickets
from daybook.simulate.visit import Visit
from daybook.simulate.walk import Route, walk

Story = Callable[[Visit], None]

PAGES = ("/", "/about", "/blog/$5.00", "/blog/other", "other", "/search", "/faq")
CLICKS: tuple[tuple[str, Data], ...] = (
    ("cta_clicked", {"element": "#buy"}),
    ("searched", {"query_length": 7}),
    ("filtered", {"element": "price"}),
    ("custom", {"name": "opened the menu"}),
    ("asset_viewed", {"asset_id": "asset-1"}),
)
OLD_STEPS_CHANCE = 0.5
"""Chance that a visitor still sees the checkout from before its definition changed."""


def expose(visit: Visit, experiment: Experiment) -> str:
    """Shows the visitor their variant, or rarely the other one; returns the one they act by."""
    variant = visit.person.variants[experiment.test]
    shown = variant
    if visit.dice.chance(SECOND_VARIANT_CHANCE):
        shown = next(name for name in experiment.pass_chances if name != variant)
    visit.track(
        "experiment_exposed",
        funnel_id=experiment.funnel,
        test_id=experiment.test,
        variant_id=shown,
    )
    return variant


def buy(visit: Visit) -> None:
    """Walks through the checkout, with an order at its end."""
    variant = expose(visit, FREE_SHIPPING) if visit.dice.chance(0.9) else experiments.CONTROL
    pass_chances = {"landing": 0.75, "product": 0.6, "payment": 0.8}
    pass_chances[FREE_SHIPPING.step] = FREE_SHIPPING.pass_chances[variant]
    seen = CHECKOUT_STEPS if visit.dice.chance(OLD_STEPS_CHANCE) else CHECKOUT_STEPS_LATER
    offered = visit.dice.chance(0.75)
    steps = tuple(step for step in seen if offered or step not in (UPSELL, GIFT_WRAP))
    walk(visit, Route(CHECKOUT, steps, pass_chances, {"payment": _consult, "thanks": _order}))


def sign_up(visit: Visit) -> None:
    """Walks through the sign-up form, with an account at its end."""
    variant = expose(visit, LONG_FORM)
    pass_chances = {"verify": 0.85, LONG_FORM.step: LONG_FORM.pass_chances[variant]}
    if walk(visit, Route(SIGNUP, SIGNUP_STEPS, pass_chances, seconds=300)):
        users.register(visit)
        goal = visit.dice.choice((None, "new-account", "unattributed", "goal.2026"))
        visit.track(
            "conversion", funnel_id=SIGNUP, conversion_type="signup", conversion_goal_id=goal
        )


def explore(visit: Visit) -> None:
    """Enters steps in any order, in a funnel whose names need encoding."""
    for _ in range(visit.dice.randint(1, 5)):
        step = visit.dice.choice(EXPLORE_STEPS)
        visit.track("step_entry", funnel_id=EXPLORE, step_id=step)
        visit.track("engagement", funnel_id=EXPLORE, seconds=visit.dice.randint(0, 60))
        visit.wait(200)
    if visit.dice.chance(0.2):
        kind = visit.dice.choice(("custom", "form_submit"))
        # An amount without a currency, which a collector would not let pass.
        cents = 100 if visit.dice.chance(0.3) else None
        visit.track("conversion", funnel_id=EXPLORE, conversion_type=kind, value_cents=cents)


def look_around(visit: Visit) -> None:
    """Views pages and clicks outside of any funnel, or in one that is never published."""
    funnel = GHOST if visit.dice.chance(0.2) else None
    for _ in range(visit.dice.choice((1, 1, 1, 2, 3, 5))):
        page = visit.dice.choice(PAGES)
        named = {"page": page} if visit.dice.chance(0.8) else {"page_id": f"page.{len(page)}"}
        visit.track("page_view", funnel_id=funnel, **named)
        visit.wait(25)
        if visit.dice.chance(0.3):
            _click(visit, funnel)


def hurry(visit: Visit) -> None:
    """Walks through a short funnel that is published late."""
    walk(visit, Route(LATE, LATE_STEPS, {"one": 0.5}, seconds=10))


def leave_at_once(visit: Visit) -> None:
    """Views one page of the checkout, and leaves."""
    visit.track("page_view", funnel_id=CHECKOUT, page="/checkout/landing")


STORIES: Table[tuple[Story, str]] = Table(
    [
        ((buy, "/checkout/landing"), 40),
        ((buy_tickets, "/tickets/browse"), 20),
        ((sign_up, "/signup/form"), 12),
        ((look_around, "/"), 14),
        ((explore, "/explore"), 6),
        ((leave_at_once, "/checkout/landing"), 6),
        ((hurry, "/late"), 2),
    ]
)
"""Each with its landing page."""


def _consult(visit: Visit) -> None:
    if visit.dice.chance(0.05):
        visit.track("step_entry", funnel_id=CHECKOUT, step_id=HELP_DESK)
        visit.wait(60)
        visit.track("step_entry", funnel_id=CHECKOUT, step_id="payment")
        visit.wait(20)


def _order(visit: Visit) -> None:
    items = orders.basket(visit)
    placed = orders.place(visit, items, funnel_id=CHECKOUT, step_id="thanks")
    for _ in range(1 if visit.dice.chance(0.97) else 2):
        visit.track(
            "conversion",
            funnel_id=CHECKOUT,
            step_id="thanks" if visit.dice.chance(0.6) else None,
            conversion_type="purchase",
            value_cents=placed.total_cents,
            currency=placed.currency,
        )


def _click(visit: Visit, funnel: str | None) -> None:
    kind, data = visit.dice.choice(CLICKS)
    visit.track(kind, funnel_id=funnel, **data)
