"""Files in each format contain the numbers of the query service's reports."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.exports.conftest import FUNNEL, ORGANIZATION, ExportServices
from tests.exports.file_readers import (
    as_rows,
    as_text,
    csv_rows,
    json_body,
    numbers,
    pdf_shapes,
    pdf_text,
    xlsx_rows,
)
from tests.query.funnels.shop import FIRST, LAST, documents

REPORTS = ("overview", "conversions", "dropoffs", "revenue")


def report_of(services: ExportServices, name: str) -> dict[str, Any]:
    """The query service's report, with all visitors on one page."""
    parameters = {"page_size": 200} if name == "conversions" else {}
    report = dict(services.report(name, **parameters))
    if name == "conversions":
        assert not report["pagination"]["has_more"]
        assert report["converting_visitors"]
    return report


@pytest.mark.parametrize("name", REPORTS)
def test_a_json_file_equals_the_report(services: ExportServices, name: str) -> None:
    body = json_body(services.export(report_type=name, format="json", include_pii=True))
    assert numbers(body) == numbers(report_of(services, name))
    assert body["as_of"].keys() >= {"newest_event_at", "lag_messages"}


LISTS = {
    "overview": ("steps", "top_pages", "sources"),
    "conversions": ("by_type", "by_step", "over_time", "converting_visitors"),
    "dropoffs": ("drop_off_funnel",),
    "revenue": ("by_source", "by_step", "over_time"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_csv_file_and_a_workbook_have_the_reports_numbers(
    services: ExportServices, name: str
) -> None:
    request: dict[str, Any] = {"report_type": name, "include_pii": True}
    tables = csv_rows(services.export(**request))
    sheets = xlsx_rows(services.export(**request, format="xlsx"))
    report = report_of(services, name)
    for part in LISTS[name]:
        assert tables.get(part, []) == as_text(report[part]), part
        assert sheets[part] == as_rows(report[part]), part
    [csv_row], [xlsx_row] = tables["report"], sheets["report"]
    assert csv_row["period.start"] == xlsx_row["period.start"] == report["period"]["start"]
    for part in ("visitors", "summary", "overall"):
        for field, value in report.get(part, {}).items():
            assert csv_row.get(f"{part}.{field}") == (None if value is None else str(value))
            assert xlsx_row.get(f"{part}.{field}") == value


def test_rows_of_nested_lists_name_their_parent_row(services: ExportServices) -> None:
    rows = csv_rows(services.export(report_type="dropoffs"))
    expected = [
        {"steps_with_drop_off.step_id": step["step_id"], **as_text([reason])[0]}
        for step in report_of(services, "dropoffs")["steps_with_drop_off"]
        for reason in step["common_exit_reasons"]
    ]
    assert expected
    assert rows["steps_with_drop_off.common_exit_reasons"] == expected


@pytest.mark.parametrize("name", REPORTS)
def test_a_pdf_has_the_reports_numbers_and_charts_if_requested(
    services: ExportServices, name: str
) -> None:
    plain = services.export(report_type=name, format="pdf")
    with_charts = services.export(report_type=name, format="pdf", include_charts=True)
    report = report_of(services, name)
    revenue = report.get("summary", {}).get("total_revenue_cents", 0)
    numbers = {
        "overview": [f"{report.get('visitors', {}).get('total')}"],
        "conversions": [f"{report.get('summary', {}).get('total_conversions')}"],
        "dropoffs": [f"{step['drop_offs']}" for step in report.get("drop_off_funnel", [])],
        "revenue": [f"{report.get('currency')} {revenue / 100:,.2f}"],
    }[name]
    text = pdf_text(plain)
    for number in numbers:
        assert number in text
    assert pdf_shapes(with_charts) > pdf_shapes(plain) + 10


def test_a_pdf_shows_names_in_other_scripts(services: ExportServices) -> None:
    name = "Żółw, Воронка, Ωμέγα, ძაბრი, กรวย"
    funnels = services.world.documents["funnels"]
    funnel = {"organization_id": ORGANIZATION, "funnel_id": "scripts"}
    funnels.insert_one(
        funnel | {"_id": f"{ORGANIZATION}:scripts", "name": name, "steps": [], "published": True}
    )
    try:
        file = services.export(report_type="overview", funnel_id="scripts", format="pdf")
    finally:
        funnels.delete_many(funnel)
    assert name in pdf_text(file)


@pytest.mark.parametrize(("funnel", "title"), [(FUNNEL, "Events of Checkout"), (None, "Events")])
def test_the_title_of_an_event_export_names_its_funnel(
    services: ExportServices, funnel: str | None, title: str
) -> None:
    text = pdf_text(services.export(report_type="events", funnel_id=funnel, format="pdf"))
    assert text.splitlines()[0] == f"{title}, {FIRST} to {LAST}"


def test_an_event_export_has_the_events_of_the_sessions(services: ExportServices) -> None:
    body = json_body(services.export(report_type="events", format="json", include_pii=True))
    funnel = body["funnel_id"]
    sessions = [
        stored
        for stored in documents("funnel_sessions")
        if (stored["organization_id"], stored["funnel_id"]) == (ORGANIZATION, funnel)
    ]
    expected = [
        (session["visitor_id"], session["session_id"], event["event_type"], event["step_id"])
        for session in sorted(sessions, key=lambda session: session["_id"])
        for event in sorted(session["events"], key=lambda event: event["at"])
    ]
    assert len(expected) > 200
    assert [
        (row["visitor_id"], row["session_id"], row["event_type"], row["step_id"])
        for row in body["events"]
    ] == expected
    visitor = body["events"][0]["visitor_id"]
    journey = services.service.report(f"/visitors/{visitor}/journey", funnel_id=funnel).json
    assert [
        event["timestamp"] for session in journey["sessions"] for event in session["events"]
    ] == [row["timestamp"] for row in body["events"] if row["visitor_id"] == visitor]


def test_an_event_export_has_only_events_of_the_requested_days(services: ExportServices) -> None:
    request: dict[str, Any] = {"report_type": "events", "format": "json"}
    all_events = json_body(services.export(**request))["events"]
    days = {"date_from": "2026-01-08", "date_to": "2026-01-09"}
    of_days = json_body(services.export(**request, **days))["events"]
    assert len(of_days) == sum(row["timestamp"][:10] in days.values() for row in all_events) > 0
    of_all_funnels = json_body(services.export(**request, funnel_id=None))["events"]
    assert len(of_all_funnels) >= len(all_events)


def test_events_are_selected_by_their_own_time_and_not_by_the_sessions(
    services: ExportServices,
) -> None:
    """A session that outlives the memory of visitors has times that do not fit its events."""
    sessions = services.world.documents["funnel_sessions"]
    template = next(s for s in documents("funnel_sessions") if len(s["events"]) > 2)
    funnel = {"organization_id": ORGANIZATION, "funnel_id": "long-ago"}
    late = datetime(2026, 6, 1, tzinfo=UTC)
    early = datetime(2025, 6, 1, tzinfo=UTC)
    rows = [
        template | funnel | {"_id": f"{ORGANIZATION}:v:later:long-ago", "started_at": late},
        template | funnel | {"_id": f"{ORGANIZATION}:v:sooner:long-ago", "last_at": early},
    ]
    definition = {"name": "Long ago", "steps": [], "versions": [], "published": True}
    services.world.documents["funnels"].insert_one(
        funnel | definition | {"_id": f"{ORGANIZATION}:long-ago"}
    )
    sessions.insert_many(rows)
    try:
        file = services.export(report_type="events", funnel_id="long-ago", format="json")
    finally:
        sessions.delete_many(funnel)
    assert len(json_body(file)["events"]) == 2 * len(template["events"])


def test_pseudonyms_are_constant_within_a_file_and_differ_between_files(
    services: ExportServices,
) -> None:
    request: dict[str, Any] = {"report_type": "events", "format": "json"}
    plain = json_body(services.export(**request, include_pii=True))["events"]
    hidden = json_body(services.export(**request))["events"]
    again = json_body(services.export(**request))["events"]
    pairs = {(a["visitor_id"], b["visitor_id"]) for a, b in zip(plain, hidden, strict=True)}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}) > 10
    ids = {row[name] for row in plain for name in ("visitor_id", "session_id")}
    pseudonyms = {row[name] for row in hidden for name in ("visitor_id", "session_id")}
    assert not ids & pseudonyms
    assert not pseudonyms & {row["visitor_id"] for row in again}
    assert {row["metadata"] for row in hidden} == {None}
    assert [row["timestamp"] for row in plain] == [row["timestamp"] for row in hidden]


VISITORS = 2_100
"""More than a page of visitors, and more sessions than are scanned at once."""


def test_all_pages_of_converting_visitors_are_in_the_file(services: ExportServices) -> None:
    sessions = services.world.documents["funnel_sessions"]
    template = next(s for s in documents("funnel_sessions") if s.get("conversions"))
    funnel = {"organization_id": ORGANIZATION, "funnel_id": "many"}
    names = [f"v{n:04d}" for n in range(VISITORS)]
    copies = [
        template | funnel | {"_id": f"{ORGANIZATION}:{name}:s:many", "visitor_id": name}
        for name in names
    ]
    definition = {"name": "Many", "steps": [], "versions": [], "published": True}
    services.world.documents["funnels"].insert_one(
        funnel | definition | {"_id": f"{ORGANIZATION}:many"}
    )
    sessions.insert_many(copies)
    try:
        request: dict[str, Any] = {
            "report_type": "conversions",
            "funnel_id": "many",
            "include_pii": True,
        }
        job = services.wait_for_job(services.request_job(**request, format="json"))
        body = json_body(services.fetch(job["download_url"]).body)
        rows = csv_rows(services.export(**request))
        printed = pdf_text(services.export(report_type="events", funnel_id="many", format="pdf"))
    finally:
        sessions.delete_many(funnel)
    assert [row["visitor_id"] for row in body["converting_visitors"]] == names
    assert [row["visitor_id"] for row in rows["converting_visitors"]] == names
    assert job["rows"] == sum(map(len, rows.values()))
    events = VISITORS * len(template["events"])
    assert f"500 of {events:,} rows" in printed
