"""Which groups can be recounted: their topic, their rules, the fields that the rules read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daybook.recount.funnel_step import STAGES
from daybook.recount.funnel_step.sessions import session
from daybook.recount.funnel_step.visitors import visitor
from daybook.recount.replay.replay import AsStored, Stage, parse_document
from daybook.recount.revenue import PARTS

_HERE = Path(__file__).parent
_PREFIX = "sc-analytics-"


@dataclass(frozen=True, slots=True)
class Group:
    """`rules` is the group's SQL file; `data_fields` are those of an event's `data` it reads.

    `parts` are more of its SQL, run after it in this order.
    `stages` follow the rules, where numbers are measures. `definitions` is the topic of funnels'
    definitions, `pins` the collection of states that have written down which applies.
    `sketches` is the collection of sketches of whom the group counted, if any. `told` are the
    collections whose documents the rules tell whole, each by a view of its name, with what makes
    a document of it.
    """

    name: str
    topic: str
    rules: Path
    data_fields: tuple[str, ...]
    parts: tuple[Path, ...] = ()
    stages: tuple[Stage, ...] = ()
    definitions: str | None = None
    pins: str | None = None
    sketches: str = ""
    told: Mapping[str, AsStored] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """All of its rules."""
        return self.rules, *self.parts


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
            "source",
            "funnel_id",
            "step_id",
            "items",
        ),
        parts=PARTS,
        told={"order_state": parse_document},
    ),
    Group(
        "sc-analytics-funnel-step",
        "sc.tracking.funnel",
        _HERE / "funnel-step.sql",
        (
            "visitor_id",
            "session_id",
            "funnel_id",
            "step_id",
            "previous_step_id",
            "next_step_id",
            "page",
            "page_id",
            "exit_outcome",
            "reason",
            "conversion_type",
            "value_cents",
            "currency",
            "quantity",
            "test_id",
            "variant_id",
            "event_id",
            "order_id",
            "ticket_id",
            "context",
            "user_id",
            "metadata",
        ),
        stages=STAGES,
        definitions="sc.domain.funnel",
        pins="visitor_state",
        sketches="analytics_uniques",
        told={"funnel_sessions": session, "visitor_state": visitor},
    ),
)


def find(name: str) -> Group:
    """The group of a full or short name. Raises LookupError, naming those that there are."""
    for group in GROUPS:
        if name in (group.name, group.name.removeprefix(_PREFIX)):
            return group
    names = ", ".join(group.name.removeprefix(_PREFIX) for group in GROUPS)
    raise LookupError(f"no group {name}: it is one of {names}")
