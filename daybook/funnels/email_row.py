"""The row of an order's e-mails that do not name a ticketed event."""

from daybook.engine.documents.fields import Event
from daybook.engine.documents.rows import Growth, RowUpdate
from daybook.engine.documents.state import State
from daybook.engine.moment import moment_at
from daybook.funnels.visitor_event import milliseconds
from models.order_email import OrderEmails

_EMAILS = Growth("emails", 100, 20_000)


def email_update(order: State, event: Event) -> RowUpdate:
    """What an e-mail adds to the row of its order; `order` is the state of the order's e-mails."""
    at = moment_at(milliseconds(event["occurred_at"]))
    named = {
        "organization_id": order["organization_id"],
        "order_id": event["data"]["order_id"],
    }
    return RowUpdate(
        OrderEmails.collection,
        (order["organization_id"], order["visitor_id"]),
        named.copy,
        tail=(_EMAILS, {"event_type": event["event_type"], "at": at}),
    )
