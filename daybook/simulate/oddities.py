"""Odd visits: bots, and a page that keeps reloading itself."""

from daybook.simulate import contexts
from daybook.simulate.experiments import FREE_SHIPPING, TREATMENT
from daybook.simulate.funnels import CHECKOUT
from daybook.simulate.programme import GIGS
from daybook.simulate.visit import Visit

BOT_CHANCE = 0.04
RELOADS = 540
"""More than the 500 events that are remembered of a session."""


def crawl(visit: Visit) -> None:
    """A bot's visit: quick, and marked as a bot in its context."""
    visit.context = visit.context | {"bot": visit.dice.choice(contexts.BOT_REASONS)}
    for number in range(visit.dice.randint(1, 12)):
        visit.track("page_view", funnel_id=CHECKOUT, page=f"/crawled/{number}")
        visit.wait(0.3)
    visit.track("step_entry", funnel_id=CHECKOUT, step_id="landing")
    visit.track("view", event_id=visit.dice.choice(GIGS))
    if visit.dice.chance(0.2):
        test = FREE_SHIPPING.test
        visit.track("experiment_exposed", funnel_id=CHECKOUT, test_id=test, variant_id=TREATMENT)
    if visit.dice.chance(0.1):
        # A person uses the same browser later.
        visit.context = {k: v for k, v in visit.context.items() if k != "bot"}
        visit.track("page_view", funnel_id=CHECKOUT, page="/checkout/landing")


def reload(visit: Visit) -> None:
    """A session with more events than are remembered, and then some of every kind."""
    for number in range(RELOADS):
        visit.track("page_view", funnel_id=CHECKOUT, page=f"/board/{number % 3}")
        visit.at_ms += 2_000
    visit.track("step_entry", funnel_id=CHECKOUT, step_id="landing")
    visit.track(
        "step_exit",
        funnel_id=CHECKOUT,
        step_id="landing",
        exit_outcome="bounce",
        reason="tired",
    )
    for step in (None, "landing"):
        visit.track(
            "conversion",
            funnel_id=CHECKOUT,
            step_id=step,
            conversion_type="custom",
            value_cents=250,
            currency=visit.person.currency,
        )
    for kind in ("view", "cart_add", "checkout_start", "purchase"):
        visit.track(kind, event_id=GIGS[0])
