"""The row of an order's e-mails that do not name a ticketed event: the order says which it is."""

from daybook.engine.documents.rows import RowModel

_FIELDS = {
    "organization_id": ("string", "the organization"),
    "order_id": ("string", "the order"),
    "emails": (
        "array",
        "the first 100 {event_type, at} in log order: `email_confirmed` or `email_failed`",
    ),
    "emails_total": ("int64", "number of all such e-mails"),
    "truncated": ("int64", "number of those that are not in `emails`"),
}

OrderEmails = RowModel(
    "order_emails",
    (),
    _FIELDS,
    since=dict.fromkeys(_FIELDS, 1),
)
