"""Lists of funnels, ticketed events, experiments and exports: pages, filters, rights."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson import Int64
from fastapi.routing import APIRoute

from daybook.query.lists.routes import router
from models.event_metrics import EventMetricsDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import QueryProcess

NOW = datetime.now(UTC).replace(microsecond=0)
LISTS = {
    "/funnels": ("funnels", "funnel_id"),
    "/events": ("events", "event_id"),
    "/experiments": ("experiments", "test_id"),
    "/exports": ("exports", "job_id"),
}


def put(office: Office, collection: str, key: str, row_id: str, **fields: Any) -> None:
    organization = fields.pop("organization", ORGANIZATION)
    identity = {"_id": f"{organization}:{row_id.replace('.', '%2E')}", key: row_id}
    row = identity | {"organization_id": organization} | fields
    office.world.documents[collection].insert_one(row)


def funnel(office: Office, row_id: str, status: str = "published", **fields: Any) -> None:
    steps = [{"step_id": "a", "name": "A", "type": "page"}]
    row = {"name": row_id.title(), "status": status, "steps": steps, "versions": []} | fields
    put(office, "funnels", "funnel_id", row_id, **row)


def event(office: Office, row_id: str, status: str = "published", **fields: Any) -> None:
    row = {"name": row_id.title(), "status": status, "starts_at": NOW, "capacity": Int64(100)}
    put(office, "ticketed_events", "event_id", row_id, **row | fields)


def experiment(office: Office, row_id: str, status: str = "running", **fields: Any) -> None:
    ended = None if status == "running" else NOW
    row = {"name": row_id.title(), "funnel_id": "f", "status": status, "started_at": NOW}
    put(office, "experiments", "test_id", row_id, **row | {"completed_at": ended} | fields)


def export(office: Office, row_id: str, status: str = "completed", **fields: Any) -> None:
    row: dict[str, Any] = {
        "report_type": "overview",
        "format": "csv",
        "date_from": "2026-11-01",
        "date_to": "2026-11-02",
        "funnel_id": "f",
        "user_id": None,
        "include_pii": False,
        "status": status,
        "requested_at": NOW,
        "ended_at": NOW,
        "expires_at": NOW + timedelta(hours=24) if status == "completed" else None,
        "bytes": Int64(5),
        "rows": Int64(1),
        "reason": None,
    }
    put(office, "exports", "job_id", row_id, **row | fields)


MAKE: dict[str, Callable[..., None]] = {
    "/funnels": funnel,
    "/events": event,
    "/experiments": experiment,
    "/exports": export,
}


def ids(service: QueryProcess, path: str, **parameters: Any) -> list[str]:
    """The ids of all pages."""
    rows, key = LISTS[path]
    found: list[str] = []
    while True:
        reply = service.report(path, **parameters)
        assert reply.status == 200, reply.body
        found += [row[key] for row in reply.json[rows]]
        parameters["cursor"] = reply.json["pagination"]["next_cursor"]
        assert reply.json["pagination"]["has_more"] == (parameters["cursor"] is not None)
        if parameters["cursor"] is None:
            return found


@pytest.mark.parametrize("path", LISTS)
def test_pages_have_every_row_once_in_the_order_of_ids(
    path: str, office: Office, service: QueryProcess
) -> None:
    names = [f"n.{number:03d}" for number in range(61)]
    for name in names:
        MAKE[path](office, name)
    MAKE[path](office, "foreign", organization=OTHER)
    in_order = names[::-1] if path == "/exports" else names
    assert ids(service, path) == in_order
    assert ids(service, path, page_size=7) == in_order
    assert ids(service, path, page_size=61) == in_order


@pytest.mark.parametrize("path", LISTS)
def test_a_name_is_found_anywhere_in_any_case_and_is_no_pattern(
    path: str, office: Office, service: QueryProcess
) -> None:
    for name in ("summer-sale", "summer", "winter", "a.b"):
        MAKE[path](office, name)
    assert sorted(ids(service, path, name="SUMMER")) == ["summer", "summer-sale"]
    assert ids(service, path, name="-sale") == ["summer-sale"]
    assert ids(service, path, name="a.b") == ["a.b"]
    assert ids(service, path, name=".*") == []
    assert ids(service, path, name="(((") == []


def test_a_name_is_looked_for_in_names_and_ids(office: Office, service: QueryProcess) -> None:
    funnel(office, "f-1", name="Größe")
    funnel(office, "f-2", name=None, status="unpublished")
    experiment(office, "t-1", name="Größe")
    export(office, "j-1", report_type="revenue", funnel_id="größe")
    export(office, "j-2", report_type="events", funnel_id=None)
    assert ids(service, "/funnels", name="GRÖSSE") == []
    assert ids(service, "/funnels", name="größ") == ["f-1"]
    assert ids(service, "/funnels", name="F-") == ["f-1", "f-2"]
    assert ids(service, "/experiments", name="GRÖ") == ["t-1"]
    assert ids(service, "/exports", name="größe") == ["j-1"]
    assert ids(service, "/exports", name="event") == ["j-2"]


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/funnels", ("published", "archived", "unpublished")),
        ("/events", ("published", "cancelled")),
        ("/experiments", ("running", "completed", "stopped")),
        ("/exports", ("processing", "completed", "failed", "expired")),
    ],
)
def test_rows_are_filtered_by_status(
    path: str, statuses: tuple[str, ...], office: Office, service: QueryProcess
) -> None:
    for status in statuses:
        MAKE[path](office, f"is-{status}", status)
    for status in statuses:
        assert ids(service, path, status=status) == [f"is-{status}"]
        assert ids(service, path, status=status, name="nowhere") == []
    assert service.report(path, status="odd").status == 422


def test_a_file_whose_time_is_over_is_listed_as_expired(
    office: Office, service: QueryProcess
) -> None:
    export(office, "old", expires_at=NOW - timedelta(seconds=1))
    export(office, "new")
    assert ids(service, "/exports", status="expired") == ["old"]
    assert ids(service, "/exports", status="completed") == ["new"]
    old = service.report("/exports", status="expired").json["exports"][0]
    assert (old["status"], old["bytes"], old["include_pii"]) == ("expired", 5, False)
    assert "download_url" not in old


def test_exports_with_personal_data_are_the_admins_own(
    office: Office, service: QueryProcess
) -> None:
    export(office, "plain")
    export(office, "personal", include_pii=True)
    assert ids(service, "/exports") == ["plain"]
    service.key = office.admin
    assert ids(service, "/exports", organization_id=ORGANIZATION) == ["plain", "personal"]


def test_events_that_only_traffic_named_are_listed(office: Office, service: QueryProcess) -> None:
    event(office, "b", name="Gala")
    event(office, "d")
    for name in ("a", "b", "c", "e"):
        for day in ("2026-11-01", "2026-11-02"):
            office.day(EventMetricsDay, day, ORGANIZATION, name, currencies={})
    office.day(EventMetricsDay, "2026-11-01", OTHER, "x", currencies={})
    assert ids(service, "/events") == ["a", "b", "c", "d", "e"]
    assert ids(service, "/events", page_size=1) == ["a", "b", "c", "d", "e"]
    assert ids(service, "/events", name="gala") == ["b"]
    assert ids(service, "/events", status="published") == ["b", "d"]
    rows = service.report("/events", page_size=2).json["events"]
    assert rows[0] == {
        "event_id": "a",
        "name": None,
        "status": None,
        "starts_at": None,
        "capacity": None,
    }
    assert (rows[1]["name"], rows[1]["capacity"]) == ("Gala", 100)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_the_rights_and_the_headers_of_a_report(
    path: str, office: Office, service: QueryProcess
) -> None:
    MAKE[path](office, "one")
    reply = service.report(path)
    assert reply.json["as_of"].keys() >= {"newest_event_at", "lag_messages"}
    again = service.get(
        f"/api/v1/analytics{path}", headers={"If-None-Match": reply.headers["etag"]}
    )
    assert again.status == 304
    service.key = office.key("creator", subject="anna")
    assert service.report(path).status == 403
    service.key = office.stranger
    assert ids(service, path) == []
    assert service.report(path, organization_id=ORGANIZATION).status == 404
    service.key = office.admin
    assert ids(service, path, organization_id=ORGANIZATION) == ["one"]
    assert ids(service, path) == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"page_size": 0},
        {"page_size": 201},
        {"cursor": "e30"},
        {"cursor": "WzFd"},  # [1]
        {"cursor": "WyJcdWQ4MDAiXQ"},  # ["\ud800"]
        {"name": ""},
        {"name": "a\0b"},
        {"name": "n" * 201},
        {"page": 2},
    ],
    ids=str,
)
def test_invalid_parameters_are_refused(
    path: str, wrong: dict[str, Any], shared_office: Office, shared_service: QueryProcess
) -> None:
    assert shared_service.report(path, **wrong).status == 422


@pytest.mark.parametrize("route", router.routes, ids=lambda route: route.path)
def test_examples_match_the_schemas_of_their_routes(route: APIRoute) -> None:
    documented = route.responses[200]
    shown = documented["content"]["application/json"]["example"]
    documented["model"].model_validate_json(json.dumps(shown))


@pytest.fixture(scope="module")
def shared_service(shared_office: Office) -> QueryProcess:
    return shared_office.start()
