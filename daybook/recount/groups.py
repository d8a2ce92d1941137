"""The groups that can be recounted, with their topic, their SQL rules and the fields these read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from daybook.recount.funnel_step import STAGES
from daybook.recount.funnel_step.sessions import session_document
from daybook.recount.funnel_step.visitors import visitor_document
from daybook.recount.replay.replay import DocumentBuilder, Stage, parse_document
from daybook.recount.revenue import PARTS

_HERE = Path(__file__).parent
_PREFIX = "sc-analytics-"


@dataclass(frozen=True, slots=True)
class Group:
    """How to recount one group.

    `rules`: the group's SQL file; `parts`: more SQL files, run after it in this order.
    `data_fields`: the fields of an event's `data` that the rules read.
    `stages`: steps after the rules, for numbers that are measured over whole histories.
    `definitions`: the topic of the funnels' definitions, if the rules need it.
    `pins`: the collection of the states that record which definition applies.
    `sketches`: the collection of the group's sketches, if it has any.
    `whole_documents`: the collections for which the rules give whole documents instead of sums.
    A view named like the collection gives JSON, from which the builder makes the document.
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
    whole_documents: Mapping[str, DocumentBuilder] = field(default_factory=dict)

    @property
    def files(self) -> tuple[Path, ...]:
        """All SQL files of the rules, in the order in which they run."""
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
        whole_documents={"order_state": parse_document},
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
        whole_documents={
            "funnel_sessions": session_document,
            "visitor_state": visitor_document,
        },
    ),
)


def find(name: str) -> Group:
    """The group with this full or short name. Raises LookupError, whose text lists all names."""
    for group in GROUPS:
        if name in (group.name, group.name.removeprefix(_PREFIX)):
            return group
    names = ", ".join(group.name.removeprefix(_PREFIX) for group in GROUPS)
    raise LookupError(f"no group {name}: it is one of {names}")
