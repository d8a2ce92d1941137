"""Which groups can be recounted: their topic, their rules, the fields that the rules read."""

from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_PREFIX = "sc-analytics-"


@dataclass(frozen=True, slots=True)
class Group:
    """`rules` is the group's SQL file; `data_fields` are those of an event's `data` it reads."""

    name: str
    topic: str
    rules: Path
    data_fields: tuple[str, ...]


GROUPS = (
    Group(
        "sc-analytics-user-lifecycle",
        "sc.domain.user",
        _HERE / "user-lifecycle.sql",
        ("user_id", "old_role", "new_role"),
    ),
    Group(
        "sc-analytics-order-funnel",
        "sc.domain.order",
        _HERE / "order-funnel.sql",
        ("order_id",),
    ),
    Group(
        "sc-analytics-revenue",
        "sc.domain.order",
        _HERE / "revenue.sql",
        (
            "order_id",
            "currency",
            "amount_cents",
            "refund_cents",
            "community_id",
            "promotion_id",
        ),
    ),
)


def find(name: str) -> Group:
    """The group of a full or short name. Raises LookupError, naming those that there are."""
    for group in GROUPS:
        if name in (group.name, group.name.removeprefix(_PREFIX)):
            return group
    names = ", ".join(group.name.removeprefix(_PREFIX) for group in GROUPS)
    raise LookupError(f"no group {name}: it is one of {names}")
