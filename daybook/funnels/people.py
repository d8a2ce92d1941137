"""The user that a visitor is: one person on two devices is two visitors of one user."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from daybook.engine.documents.change import Document
from daybook.engine.documents.fields import Event
from daybook.engine.documents.keys import encode_part
from daybook.engine.documents.rows import RowUpdate
from daybook.engine.documents.sketches import Distinct
from daybook.engine.documents.state import State
from daybook.funnels.memory import known_session
from daybook.funnels.visitor_event import VisitorEvent
from daybook.funnels.visits import NOT_FUNNEL_EVENTS
from models.funnel import FunnelDay
from models.funnel_user import FunnelUsers
from models.uniques import FUNNEL_USERS


def take_user(visitor: State, event: Event) -> None:
    """Notes the user that a message names; `users` counts how often that was another one."""
    # States from before these fields lack them until a message names a user.
    visitor["users"] = _number_of(visitor, event)
    visitor["user_id"] = event["data"].get("user_id", visitor.get("user_id"))


def mark_user(visitor: State, event: Event, visitor_event: VisitorEvent) -> VisitorEvent:
    """The event with the number of its user, if it is the first of its session, funnel and day with
    this one. Before the message names a user, or after."""
    if "funnel" not in visitor_event or visitor_event["type"] in NOT_FUNNEL_EVENTS:
        return visitor_event
    if number := _number_of(visitor, event):
        session = known_session(visitor, event["data"]["session_id"])
        if not session or not _has(session["events"], visitor_event, number):
            visitor_event["user"] = number
    return visitor_event


def _number_of(visitor: State, event: Event) -> int:
    """The number of the user whose event it is: the first one has 1, no user 0."""
    named, number = event["data"].get("user_id"), int(visitor.get("users", 0))
    return number + 1 if named is not None and named != visitor.get("user_id") else number


def _has(known: Iterable[VisitorEvent], event: VisitorEvent, number: int) -> bool:
    """Whether one of the known events tells of this user on the event's day in its funnel."""
    names = event["funnel"], event["day"]
    # From the beginning, because the one that does is mostly among the first.
    return any(one.get("user") == number and (one["funnel"], one["day"]) == names for one in known)


def users_of(visitor: State, visitor_event: VisitorEvent) -> Iterator[Distinct | RowUpdate]:
    """What a marked event adds for its user, the visitor's present one: to the funnel's sketches,
    and the row of its day."""
    if "user" not in visitor_event:
        return
    organization, visitor_id = visitor["organization_id"], visitor["visitor_id"]
    funnel, day, user = visitor_event["funnel"], visitor_event["day"], visitor["user_id"]
    key = f"{encode_part(organization)}:{encode_part(user)}"
    yield Distinct(FUNNEL_USERS, Document(FunnelDay, (organization, funnel), day), key)
    values = {
        "organization_id": organization,
        "funnel_id": funnel,
        "date": datetime.fromisoformat(day).replace(tzinfo=UTC),
        "visitor_id": visitor_id,
        "user_id": user,
    }
    yield RowUpdate(
        FunnelUsers.collection,
        (organization, visitor_id, funnel, day, user),
        lambda: values,
    )
