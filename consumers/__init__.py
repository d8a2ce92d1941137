"""The fleet: one file a group."""

from consumers import funnel_step, order_funnel, revenue, user_lifecycle
from engine.errors import DaybookError
from engine.group import Group

FLEET: tuple[Group, ...] = (
    user_lifecycle.GROUP,
    order_funnel.GROUP,
    revenue.GROUP,
    funnel_step.GROUP,
)

PREFIX = "sc-analytics-"


class UnknownGroup(DaybookError):
    """No group has that name."""

    exit_code = 2


def find(name: str) -> Group:
    """The group of a full or short name. Raises UnknownGroup, naming those that there are."""
    for group in FLEET:
        if name in (group.name, group.name.removeprefix(PREFIX)):
            return group
    names = ", ".join(group.name.removeprefix(PREFIX) for group in FLEET)
    raise UnknownGroup(f"no group {name}: it is one of {names}")
