"""The groups that can be recounted, with their topic, their SQL rules and the fields these read."""

from dataclasses import dataclass
from pathlib import Path

from daybook.recount.compare.rows import single_row
from daybook.recount.event_types import ORDERS, TRACKED, USERS
from daybook.recount.funnel_step.rows import experiment_visitor_document, order_email_document
from daybook.recount.funnel_step.sessions import session_document
from daybook.recount.funnel_step.stages import STAGES
from daybook.recount.funnel_step.users import user_document
from daybook.recount.funnel_step.visitors import visitor_document
from daybook.recount.replay.rules import Rules
from daybook.recount.revenue import PARTS
from daybook.recount.revenue.rows import order_document

_HERE = Path(__file__).parent
_PREFIX = "sc-analytics-"


_OF_ORDERS = {"order_state": single_row, "orders": order_document}


@dataclass(frozen=True, slots=True)
class Group:
    """How to recount one group.

    `event_types`: all types of the topic; other messages are ignored, also by the duplicate window.
    `data_fields`: the fields of an event's `data` that the rules read.
    `definitions`: the topic of the funnels' definitions, if the rules need it.
    `pins`: the collection of the states that record which definition applies.
    `sketches`: the collection of the group's sketches, if it has any.
    """

    name: str
    topic: str
    event_types: tuple[str, ...]
    data_fields: tuple[str, ...]
    rules: Rules
    definitions: str | None = None
    pins: str | None = None
    sketches: str = ""


GROUPS = (
    Group(
        "sc-analytics-user-lifecycle",
        "sc.domain.user",
        USERS,
        ("user_id", "old_role", "new_role"),
        Rules((_HERE / "user-lifecycle.sql",)),
    ),
    Group(
        "sc-analytics-order-funnel",
        "sc.domain.order",
        ORDERS,
        ("order_id",),
        Rules((_HERE / "order-funnel.sql",)),
    ),
    Group(
        "sc-analytics-revenue",
        "sc.domain.order",
        ORDERS,
        (
            "order_id",
            "currency",
            "amount_cents",
            "installment",
            "total_cents",
            "refund_cents",
            "community_id",
            "promotion_id",
            "source",
            "funnel_id",
            "step_id",
            "event_id",
            "items",
            "visitor_id",
        ),
        Rules((_HERE / "revenue.sql", *PARTS), whole_documents=_OF_ORDERS),
    ),
    Group(
        "sc-analytics-funnel-step",
        "sc.tracking.funnel",
        TRACKED,
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
            "conversion_goal_id",
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
        Rules(
            (_HERE / "funnel-step.sql",),
            STAGES,
            {
                "funnel_sessions": session_document,
                "funnel_users": user_document,
                "experiment_visitors": experiment_visitor_document,
                "order_emails": order_email_document,
                "visitor_state": visitor_document,
            },
        ),
        definitions="sc.domain.funnel",
        pins="visitor_state",
        sketches="analytics_uniques",
    ),
)


def find(name: str) -> Group:
    """The group with this full or short name. Raises LookupError, whose text lists all names."""
    for group in GROUPS:
        if name in (group.name, group.name.removeprefix(_PREFIX)):
            return group
    names = ", ".join(group.name.removeprefix(_PREFIX) for group in GROUPS)
    raise LookupError(f"no group {name}: it is one of {names}")
