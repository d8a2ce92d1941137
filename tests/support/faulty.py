"""A group whose own code raises at some messages, in memory and as a process of its own.

`python -m tests.support.faulty WORLD [--until-caught-up]` runs a member of it.
"""

import os
import sys
from collections.abc import Iterable
from dataclasses import replace

from consumers import revenue
from daybook.engine.documents.calendar import DayHour
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.fields import Event
from daybook.engine.documents.state import State
from daybook.engine.group import Arrival, Result
from tests.support.member import MemberProcess, run_until_stopped
from tests.support.world import World

UNLUCKY = 1_313_131
"""The amount at which it raises: for a payment always, for a refund of a paid order."""

SECRET = "a-value-of-the-event"


def react(
    event: Event, day_hour: DayHour, arrival: Arrival, state: State, rules: Rules
) -> Iterable[Result]:
    assert revenue.GROUP.react is not None
    yield from revenue.GROUP.react(event, day_hour, arrival, state, rules)
    if event["data"].get("amount_cents") == UNLUCKY:
        raise ArithmeticError(SECRET)
    if event["data"].get("refund_cents") == UNLUCKY and state["payment"]:
        raise KeyError(SECRET)


FAULTY = replace(revenue.GROUP, react=react)


def faulty_member(world: World, failpoint: str = "") -> MemberProcess:
    """Starts a member of it, which ends when it has caught up."""
    environment = os.environ | world.variables | {"DAYBOOK_FAILPOINT": failpoint}
    log = world.directory / f"faulty-{len(world.members)}.log"
    options = [world.name, "--until-caught-up"]
    member = MemberProcess(options, environment, log, "tests.support.faulty")
    world.members.append(member)
    return member


if __name__ == "__main__":
    name, *options = sys.argv[1:]
    run_until_stopped(FAULTY, name, options)
