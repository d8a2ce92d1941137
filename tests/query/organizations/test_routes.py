"""An organization's dashboard."""

from datetime import UTC, datetime
from typing import Any

from bson import Int64

from daybook.query.organizations.report import TOP, merged
from daybook.query.read.mongo import ROWS_MAX
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.funnel_revenue import FunnelRevenueDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import QueryProcess

DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
DASHBOARD = f"/organizations/{ORGANIZATION}/dashboard"


def money(**fields: int) -> dict[str, Any]:
    return {name: Int64(value) for name, value in fields.items()}


def fill(office: Office) -> None:
    for organization, sessions in ((ORGANIZATION, 10), (OTHER, 9_999)):
        office.day(
            FunnelDay,
            "2026-11-01",
            organization,
            "spring",
            sessions=sessions,
            conversions=2,
            currencies={"EUR": money(value_cents=100)},
        )
    office.day(FunnelDay, "2026-11-02", ORGANIZATION, "autumn", sessions=5)
    euros = money(gross_revenue_cents=5_000, refunded_cents=1_000, orders=2)
    dollars = money(gross_revenue_cents=300, orders=1)
    office.day(
        FunnelRevenueDay,
        "2026-11-02",
        ORGANIZATION,
        "spring",
        orders=3,
        currencies={"EUR": euros, "USD": dollars},
    )
    office.day(
        EventMetricsDay,
        "2026-11-02",
        ORGANIZATION,
        "gala",
        views=8,
        tickets_sold=4,
        unique_viewers=5,
        unique_buyers=1,
        currencies={"EUR": money(revenue_cents=8_000)},
    )
    office.world.documents["funnels"].insert_one(
        {
            "_id": f"{ORGANIZATION}:spring",
            "organization_id": ORGANIZATION,
            "funnel_id": "spring",
            "name": "Spring sale",
            "status": "published",
        }
    )


def test_hours_are_refused_with_the_reason(office: Office, service: QueryProcess) -> None:
    fill(office)
    reply = service.report(DASHBOARD, **DAYS, granularity="hour")
    assert reply.status == 422
    reason = "this report has no hours, because it adds up whole days"
    assert reply.json["errors"] == [{"name": "granularity", "reason": reason}]
    months = service.report(DASHBOARD, **DAYS, granularity="month").json["over_time"]
    assert [month["sessions"] for month in months] == [15]


def test_a_dashboard_contains_everything_of_the_organization(
    office: Office, service: QueryProcess
) -> None:
    fill(office)
    body = service.report(DASHBOARD, **DAYS).json
    assert body["organization_id"] == ORGANIZATION
    assert body["currency"] == "EUR"
    totals = {name: value for name, value in body["totals"].items() if value}
    assert totals == {
        "sessions": 15,
        "conversions": 2,
        "value_cents": 100,
        "gross_revenue_cents": 5_000,
        "refunded_cents": 1_000,
        "net_revenue_cents": 4_000,
        "orders": 2,
        "views": 8,
        "tickets_sold": 4,
        "tickets_revenue_cents": 8_000,
        "tickets_conversion_rate": 0.2,
    }
    assert [day["sessions"] for day in body["over_time"]] == [10, 5]
    assert [(each["funnel_id"], each["name"], each["sessions"]) for each in body["funnels"]] == [
        ("spring", "Spring sale", 10),
        ("autumn", None, 5),
    ]
    assert [(each["event_id"], each["tickets_sold"]) for each in body["events"]] == [("gala", 4)]
    assert body["by_currency"]["USD"]["gross_revenue_cents"] == 300


def test_funnels_and_days_add_up_to_the_totals(office: Office, service: QueryProcess) -> None:
    fill(office)
    body = service.report(DASHBOARD, **DAYS).json
    for name in ("sessions", "conversions", "gross_revenue_cents"):
        assert sum(each[name] for each in body["funnels"]) == body["totals"][name]
        assert sum(each[name] for each in body["over_time"]) == body["totals"][name]


def test_the_default_range_is_the_last_thirty_days(service: QueryProcess) -> None:
    body = service.report(DASHBOARD).json
    assert len(body["over_time"]) == 30
    assert body["totals"]["sessions"] == 0
    assert body["funnels"] == []


def test_an_admin_reads_any_existing_organization(office: Office, service: QueryProcess) -> None:
    fill(office)
    for organization in (ORGANIZATION, OTHER):
        path = f"/organizations/{organization}/dashboard"
        assert service.report(path, office.admin, **DAYS).status == 200
    assert service.report("/organizations/nobody/dashboard", office.admin, **DAYS).status == 404


def test_an_organization_without_documents_is_empty_to_itself_and_missing_to_admins(
    office: Office, service: QueryProcess
) -> None:
    path = "/organizations/nobody/dashboard"
    assert service.report(path, office.key("analyst", "nobody"), **DAYS).status == 200
    assert service.report(path, office.admin, **DAYS).status == 404


def test_tens_of_thousands_of_funnels_a_day_are_added_up_and_the_busiest_listed(
    office: Office, service: QueryProcess
) -> None:
    """More documents than a report reads at most, as a public key may once have caused."""
    funnels = [f"f-{number}" for number in range(ROWS_MAX + 100)]
    office.world.documents[FunnelDay.collection].insert_many(
        {
            "_id": f"{ORGANIZATION}:{funnel}:2026-11-01",
            "organization_id": ORGANIZATION,
            "funnel_id": funnel,
            "date": datetime(2026, 11, 1, tzinfo=UTC),
            "sessions": number,
            "currencies": {},
        }
        for number, funnel in enumerate(funnels)
    )
    body = service.report(DASHBOARD, **DAYS).json
    assert body["totals"]["sessions"] == sum(range(len(funnels)))
    assert [row["funnel_id"] for row in body["funnels"]] == funnels[: -TOP - 1 : -1]


def test_a_document_stored_between_the_two_aggregations_is_left_to_the_next_answer() -> None:
    counters = [{"_id": "spring", "sessions": 3}]
    amounts = [
        {"_id": {"funnel_id": funnel, "currency": "EUR"}, "value_cents": 5, "documents": 1}
        for funnel in ("spring", "new")
    ]
    found = merged("funnel_id", counters, amounts)
    assert found.keys() == {"spring"}
    assert found["spring"]["currencies"]["EUR"]["value_cents"] == 5
