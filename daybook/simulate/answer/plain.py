"""Counts what an event adds by itself, whatever else the visitor did, remembered or not."""

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.keys import UNATTRIBUTED, key
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import FUNNEL, STEP, TICKETED

TICKET_COUNTERS = {
    "view": "views",
    "cart_add": "add_to_cart",
    "checkout_start": "checkouts_started",
}


def count(ledger: Ledger, organization: str, deed: Deed) -> None:
    """Counts a visitor's deed that is not a bot's."""
    match deed.kind:
        case "page_view" if deed.funnel:
            ledger.counter(FUNNEL, (organization, deed.funnel), deed.at, "page_views")
        case "step_entry":
            ledger.counter(STEP, _step(organization, deed), deed.at, "entries")
        case "step_exit":
            _exit(ledger, organization, deed)
        case "conversion":
            _conversion(ledger, organization, deed)
        case "view" | "cart_add" | "checkout_start" | "purchase":
            _ticket(ledger, (organization, str(deed.data["event_id"])), deed)


def bot(ledger: Ledger, organization: str, deed: Deed) -> None:
    """Counts a bot's event once under each of its reasons, and nowhere else."""
    if funnel := deed.data.get("funnel_id"):
        for reason in filter(None, set(deed.bot)):
            ledger.map_counter(FUNNEL, (organization, funnel), deed.at.day, ("bots", key(reason)))


def step_conversion(ledger: Ledger, names: tuple[str, ...], deed: Deed) -> None:
    """Counts a conversion at a step; `names`: organization, funnel and step."""
    ledger.counter(STEP, names, deed.at, "conversions")
    if deed.money:
        ledger.money(STEP, names, deed.at, ("value_cents",), *deed.money)


def _step(organization: str, deed: Deed) -> tuple[str, ...]:
    return organization, str(deed.funnel), deed.step


def _exit(ledger: Ledger, organization: str, deed: Deed) -> None:
    step = _step(organization, deed)
    outcome = deed.data["exit_outcome"]
    ledger.counter(STEP, step, deed.at, "exits")
    if outcome == "bounce":
        ledger.counter(STEP, step, deed.at, "drop_offs")
    ledger.map_counter(STEP, step, deed.at.day, ("exits_by_outcome", outcome))
    if reason := deed.data.get("reason"):
        ledger.map_counter(STEP, step, deed.at.day, ("reasons_by_outcome", outcome, key(reason)))


def _conversion(ledger: Ledger, organization: str, deed: Deed) -> None:
    names = (organization, str(deed.funnel))
    ledger.counter(FUNNEL, names, deed.at, "conversions")
    if deed.money:
        ledger.money(FUNNEL, names, deed.at, ("value_cents",), *deed.money)
    goal = deed.data.get("conversion_goal_id")
    for path in (
        ("conversions_by_type", deed.data["conversion_type"]),
        ("conversions_by_goal", key(goal) if goal else UNATTRIBUTED),
    ):
        ledger.map_counter(FUNNEL, names, deed.at.day, (*path, "count"))
        if deed.money:
            ledger.money(FUNNEL, names, deed.at, (*path, "value_cents"), *deed.money)
    if deed.data.get("step_id"):
        step_conversion(ledger, _step(organization, deed), deed)


def _ticket(ledger: Ledger, names: tuple[str, ...], deed: Deed) -> None:
    if deed.kind != "purchase":
        ledger.counter(TICKETED, names, deed.at, TICKET_COUNTERS[deed.kind])
        return
    ledger.counter(TICKETED, names, deed.at, "tickets_sold", deed.data.get("quantity", 1))
    if deed.money:
        ledger.money(TICKETED, names, deed.at, ("revenue_cents",), *deed.money)
