"""Walks a visitor through the steps of a funnel: forward, back, or out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from daybook.simulate.visit import Visit

REASONS = ("price", "slow.page", "$hipping", "other", "changed my mind")
CONTRADICTION_CHANCE = 0.04
BACK_CHANCE = 0.06


@dataclass(frozen=True)
class Route:
    """How visitors go through a funnel.

    `pass_chances`: the chance to pass each step, 0.6 unless given. `actions`: what else happens at
    a step. `seconds`: the average time at a step.
    """

    funnel: str
    steps: tuple[str, ...]
    pass_chances: Mapping[str, float]
    actions: Mapping[str, Callable[[Visit], None]] = field(default_factory=dict)
    seconds: float = 40.0


def walk(visit: Visit, route: Route) -> bool:
    """Records a walk; True if the visitor reached the last step."""
    dice = visit.dice
    number, before = 0, None
    while True:
        step = route.steps[number]
        _enter(visit, route, step, before)
        visit.wait(route.seconds)
        if step in route.actions:
            route.actions[step](visit)
        before = step
        if number + 1 == len(route.steps):
            if dice.chance(0.5):
                _leave(visit, route, step, "close", None)
            return True
        if dice.chance(route.pass_chances.get(step, 0.6)):
            number += 1
            _leave(visit, route, step, "forward", route.steps[number])
        elif number and dice.chance(BACK_CHANCE):
            number -= 1
            _leave(visit, route, step, "backward", route.steps[number])
        else:
            if dice.chance(0.7):
                _leave(visit, route, step, dice.choice(("bounce", "bounce", "close")), None)
            return False


def _enter(visit: Visit, route: Route, step: str, before: str | None) -> None:
    dice = visit.dice
    if dice.chance(0.8):
        visit.track(
            "page_view", funnel_id=route.funnel, page=f"/{route.funnel}/{step}", step_id=step
        )
    claimed = before
    if dice.chance(CONTRADICTION_CHANCE):
        claimed = dice.choice(("nowhere", "direct", route.steps[-1]))
    visit.track("step_entry", funnel_id=route.funnel, step_id=step, previous_step_id=claimed)


def _leave(visit: Visit, route: Route, step: str, outcome: str, following: str | None) -> None:
    dice = visit.dice
    if dice.chance(0.12):
        return  # the browser closed before it sent the event
    reason = dice.choice(REASONS) if following is None and dice.chance(0.5) else None
    claimed = following if dice.chance(0.8) else None
    visit.track(
        "step_exit",
        funnel_id=route.funnel,
        step_id=step,
        exit_outcome=outcome,
        next_step_id=claimed,
        reason=reason,
    )
    visit.wait(1)
