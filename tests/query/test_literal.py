"""What clients have sent is text in every response, whatever it looks like to some program."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from bson import Int64

from daybook.query.funnels.journey import PAGE_BYTES_MAX
from models.funnel import FunnelDay
from models.session import Sessions
from tests.query.conftest import ORGANIZATION, Office
from tests.support.query import API, QueryProcess

AT = datetime(2026, 11, 2, 10, tzinfo=UTC)
METADATA = [
    {"$ref": "users", "$id": 5},
    {"$ref": 5, "$id": {"$oid": "x"}, "$db": 7},
    {"a": 1, "$ref": "x", "$id": None, "$db": "admin", "more": [{"$ref": "y", "$id": 1}]},
    {"$numberLong": "5", "$date": 0, "$oid": "x", "$where": "sleep(1)"},
    {"": "", ".": {"a.b": "\x00\x1b[2J"}, "__proto__": {"x": 1}, "\u2028": "\U0001f600"},
]


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    return office.start()


def add_session(office: Office, visitor: str, number: int, events: list[dict[str, Any]]) -> None:
    begin = AT + timedelta(hours=number)
    stored = {
        "_id": f"{ORGANIZATION}:{quote(visitor, safe='')}:s{number:04d}:f",
        "organization_id": ORGANIZATION,
        "visitor_id": visitor,
        "session_id": f"s{number}",
        "funnel_id": "f",
        "started_at": begin,
        "last_at": begin,
        "page_views": len(events),
        "conversions": [],
        "path": [],
        "events": [
            {"event_type": "page_view", "page_id": "<r>x</r>", "step_id": None, "at": begin} | event
            for event in events
        ],
        "events_total": Int64(len(events)),
    }
    office.world.documents[Sessions.collection].insert_one(stored)


def test_a_journey_has_metadata_as_it_was_sent(office: Office, service: QueryProcess) -> None:
    add_session(office, "v", 1, [{"metadata": metadata} for metadata in METADATA])
    reply = service.report("/visitors/v/journey")
    assert reply.status == 200, reply.body
    events = reply.json["sessions"][0]["events"]
    assert [event["metadata"] for event in events] == METADATA
    assert {event["page_id"] for event in events} == {"<r>x</r>"}


def test_a_number_that_json_does_not_have_is_null(office: Office, service: QueryProcess) -> None:
    add_session(office, "nan", 1, [{"metadata": {"a": float("nan"), "b": [float("inf"), 1]}}])
    [event] = service.report("/visitors/nan/journey").json["sessions"][0]["events"]
    assert event["metadata"] == {"a": None, "b": [None, 1]}


def test_a_journey_of_large_sessions_comes_in_more_pages(
    office: Office, service: QueryProcess
) -> None:
    """Each session once, in order, and no page much larger than its bound."""
    sessions, size = 12, PAGE_BYTES_MAX // 3
    for number in range(sessions):
        add_session(office, "large", number, [{"metadata": {"text": "x" * size}}])
    found: list[str] = []
    number, has_more = 0, True
    while has_more:
        number += 1
        reply = service.report("/visitors/large/journey", page=number)
        assert reply.status == 200
        assert len(reply.body) < PAGE_BYTES_MAX + 2**16
        body = reply.json
        assert body["total_sessions"] == body["total_page_views"] == sessions
        found += [session["session_id"] for session in body["sessions"]]
        has_more = body["pagination"]["has_more"]
    assert found == [f"s{number}" for number in range(sessions)]
    assert number == sessions / 2
    beyond = service.report("/visitors/large/journey", page=number + 1).json
    assert (beyond["sessions"], beyond["pagination"]["has_more"]) == ([], False)


@pytest.mark.parametrize(
    "host", ["[", "[::1", "a b", "x/api/v1/analytics/revenue?", "\xff", "", "a" * 5_000]
)
def test_the_host_header_has_no_effect(office: Office, service: QueryProcess, host: str) -> None:
    """It is part of a request's URL, by which nothing may be cached or found."""
    office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=1)
    path = f"{API}/organizations/{ORGANIZATION}/dashboard?from=2026-11-01&to=2026-11-02"
    reply = service.get(path, headers={"Host": host})
    assert reply.status in (200, 400)
    assert service.get(path).json["totals"]["sessions"] == 1
