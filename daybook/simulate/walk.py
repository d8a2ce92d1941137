"""A way through a funnel, step by step: on, back, or out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from daybook.simulate.visit import Visit

REASONS = ("price", "slow.page", "$hipping", "other", "changed my mind")
CONTRADICTION_CHANCE = 0.04
BACK_CHANCE = 0.06


@dataclass(frozen=True)
class Way:
    """`go_on`: the chance to pass each step; `at`: what else is done there."""

    funnel: str
    steps: tuple[str, ...]
    go_on: Mapping[str, float]
    at: Mapping[str, Callable[[Visit], None]] = field(default_factory=dict)
    seconds: float = 40.0


def walk(visit: Visit, way: Way) -> bool:
    """True if the last step was reached."""
    dice = visit.dice
    number, before = 0, None
    while True:
        step = way.steps[number]
        _enter(visit, way, step, before)
        visit.wait(way.seconds)
        if step in way.at:
            way.at[step](visit)
        before = step
        if number + 1 == len(way.steps):
            if dice.chance(0.5):
                _leave(visit, way, step, "close", None)
            return True
        if dice.chance(way.go_on.get(step, 0.6)):
            number += 1
            _leave(visit, way, step, "forward", way.steps[number])
        elif number and dice.chance(BACK_CHANCE):
            number -= 1
            _leave(visit, way, step, "backward", way.steps[number])
        else:
            if dice.chance(0.7):
                _leave(visit, way, step, dice.choice(("bounce", "bounce", "close")), None)
            return False


def _enter(visit: Visit, way: Way, step: str, before: str | None) -> None:
    dice = visit.dice
    if dice.chance(0.8):
        visit.track("page_view", funnel_id=way.funnel, page=f"/{way.funnel}/{step}", step_id=step)
    claimed = before
    if dice.chance(CONTRADICTION_CHANCE):
        claimed = dice.choice(("nowhere", "direct", way.steps[-1]))
    visit.track("step_entry", funnel_id=way.funnel, step_id=step, previous_step_id=claimed)


def _leave(visit: Visit, way: Way, step: str, outcome: str, following: str | None) -> None:
    dice = visit.dice
    if dice.chance(0.12):
        return  # the browser was quicker than its last message
    reason = dice.choice(REASONS) if following is None and dice.chance(0.5) else None
    told = following if dice.chance(0.8) else None
    visit.track(
        "step_exit",
        funnel_id=way.funnel,
        step_id=step,
        exit_outcome=outcome,
        next_step_id=told,
        reason=reason,
    )
    visit.wait(1)
