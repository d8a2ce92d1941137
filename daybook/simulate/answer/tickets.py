"""`analytics_event_metrics`: who looked and bought, and what servers say of e-mails and tickets."""

from collections.abc import Iterable

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.grouping import first_by
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import TICKETED

UNIQUES = {"view": "unique_viewers", "purchase": "unique_buyers"}
EMAILS = {"email_confirmed": "emails_confirmed", "email_failed": "emails_failed"}


def count(ledger: Ledger, organization: str, deeds: list[Deed]) -> None:
    """`deeds`: the visitor's, in order."""
    for kind, field in UNIQUES.items():
        own = [deed for deed in deeds if deed.kind == kind]
        for (event, _), deed in first_by(own, _event_and_day).items():
            ledger.scalar(TICKETED, (organization, event), deed.at, field)


def count_served(ledger: Ledger, organization: str, deeds: Iterable[Deed]) -> None:
    """E-mails and scans of one key, in the log's order. A ticket lets in once."""
    scanned: set[str] = set()
    for deed in deeds:
        event = deed.data.get("event_id")
        if deed.kind == "barcode_scanned":
            if deed.data["ticket_id"] not in scanned:
                ledger.scalar(TICKETED, (organization, str(event)), deed.at, "admissions")
            scanned.add(deed.data["ticket_id"])
        elif event:
            ledger.scalar(TICKETED, (organization, event), deed.at, EMAILS[deed.kind])


def _event_and_day(deed: Deed) -> tuple[str, str]:
    return str(deed.data["event_id"]), deed.at.day
