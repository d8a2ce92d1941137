"""Counts `analytics_event_metrics`: viewers and buyers, e-mails, and admissions."""

from collections.abc import Iterable

from daybook.simulate.answer.deed import Deed
from daybook.simulate.answer.grouping import first_by
from daybook.simulate.answer.ledger import Ledger
from daybook.simulate.answer.shape import TICKETED

UNIQUES = {"view": "unique_viewers", "purchase": "unique_buyers"}
EMAILS = {"email_confirmed": "emails_confirmed", "email_failed": "emails_failed"}


def count(ledger: Ledger, organization: str, deeds: list[Deed]) -> None:
    """Counts one visitor's viewed and bought events; `deeds` are theirs, in order of time."""
    for kind, field in UNIQUES.items():
        deeds_of_kind = [deed for deed in deeds if deed.kind == kind]
        for (event, _), deed in first_by(deeds_of_kind, _event_and_day).items():
            ledger.counter(TICKETED, (organization, event), deed.at, field)


def count_served(ledger: Ledger, organization: str, deeds: Iterable[Deed]) -> None:
    """Counts e-mails and scans of one key, in the log's order. A ticket admits once at an event."""
    scanned: set[tuple[str, str]] = set()
    for deed in deeds:
        event = deed.data.get("event_id")
        if deed.kind == "barcode_scanned":
            scan = deed.data["ticket_id"], str(event)
            if scan not in scanned:
                ledger.counter(TICKETED, (organization, str(event)), deed.at, "admissions")
            scanned.add(scan)
        elif event:
            ledger.counter(TICKETED, (organization, event), deed.at, EMAILS[deed.kind])


def _event_and_day(deed: Deed) -> tuple[str, str]:
    return str(deed.data["event_id"]), deed.at.day
