"""E-mails that do not name their ticketed event count at the events of their order."""

from datetime import UTC, datetime
from typing import Any

from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.query.events.test_routes import define
from tests.support.query import QueryProcess

RANGE = {"first": "2026-11-01", "last": "2026-11-02"}


def order(office: Office, name: str, *events: str, organization: str = ORGANIZATION) -> None:
    office.world.documents["orders"].insert_one(
        {"_id": name, "organization_id": organization, "ticketed_event_ids": list(events)}
    )


def email(
    office: Office, name: str, kind: str, at: str, organization: str = ORGANIZATION
) -> dict[str, Any]:
    sent = {"event_type": f"email_{kind}", "at": datetime.fromisoformat(at).replace(tzinfo=UTC)}
    row = {"_id": f"{organization}:o%3A{name}", "organization_id": organization}
    office.world.documents["order_emails"].update_one(row, {"$push": {"emails": sent}}, upsert=True)
    return row


def test_an_email_is_of_the_events_of_its_order(office: Office, service: QueryProcess) -> None:
    define(office)
    order(office, "1", "gala", "fair")
    order(office, "a%3Ab", "gala")
    order(office, "3", "fair")
    for name, kind, at in (
        ("1", "confirmed", "2026-11-01T00:00:00"),
        ("1", "failed", "2026-11-01T13:59:59.999"),
        ("a%3Ab", "confirmed", "2026-11-02T23:59:59.999"),
        ("a%3Ab", "confirmed", "2026-11-03T00:00:00"),
        ("3", "confirmed", "2026-11-01T00:00:00"),
        ("unknown", "confirmed", "2026-11-01T00:00:00"),
    ):
        email(office, name, kind, at)
    body = service.report("/events/gala/metrics", **RANGE).json
    assert (body["totals"]["emails_confirmed"], body["totals"]["emails_failed"]) == (2, 1)
    assert [day["emails_confirmed"] for day in body["over_time"]] == [1, 1]
    confirmation = next(step for step in body["steps"] if step["step"] == "confirmation")
    assert confirmation["count"] == 2
    hours = service.report("/events/gala/metrics", **RANGE, granularity="hour").json["over_time"]
    assert [hour["timestamp"][:13] for hour in hours if hour["emails_failed"]] == ["2026-11-01T13"]
    assert sum(hour["emails_confirmed"] for hour in hours) == 2


def test_another_organizations_orders_and_emails_are_not_looked_at(
    office: Office, service: QueryProcess
) -> None:
    define(office)
    order(office, "1", "gala", organization=OTHER)
    order(office, "2", "gala")
    email(office, "1", "confirmed", "2026-11-01T00:00:00")
    email(office, "2", "confirmed", "2026-11-01T00:00:00", OTHER)
    totals = service.report("/events/gala/metrics", **RANGE).json["totals"]
    assert totals["emails_confirmed"] == 0


def test_todays_emails_are_in_the_live_report(office: Office, service: QueryProcess) -> None:
    define(office)
    order(office, "1", "gala")
    email(office, "1", "confirmed", datetime.now(UTC).replace(tzinfo=None).isoformat())
    assert service.report("/events/gala/live").json["emails_confirmed"] == 1
