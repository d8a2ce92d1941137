"""The fleet: each file defines one consumer group."""

from consumers import funnel_step, order_funnel, revenue, segment, user_lifecycle
from daybook.engine.errors import Unknown
from daybook.engine.group import Group

FLEET: tuple[Group, ...] = (
    user_lifecycle.GROUP,
    order_funnel.GROUP,
    revenue.GROUP,
    funnel_step.GROUP,
    segment.GROUP,
)

PREFIX = "sc-analytics-"


def find(name: str) -> Group:
    """The group with this full or short name. Raises Unknown, which lists the valid names."""
    for group in FLEET:
        if name in (group.name, group.name.removeprefix(PREFIX)):
            return group
    names = ", ".join(group.name.removeprefix(PREFIX) for group in FLEET)
    raise Unknown(f"no group {name}; the groups are {names}")
