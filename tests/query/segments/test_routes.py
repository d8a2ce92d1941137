"""Segments over HTTP: who is in them, when, and why."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.query.segments.audience import CARTS, Audience
from tests.segments.filters.person import Person, at
from tests.support.query import QueryProcess
from tests.support.service import Reply

UNPAID = CARTS | {"then_not": "order.payment_succeeded"}


@pytest.fixture
def audience(office: Office) -> Audience:
    found = Audience(office.world.documents)
    found.define("carts", {"event": "cart_add"}, status="superseded")
    found.define("carts", UNPAID, version=2)
    found.define("gone", CARTS, status="retired")
    found.add("u:a", Person().did("cart_add", "2 10:00"))
    found.add("u:b", Person().did("cart_add", "1 12:00").did("cart_add", "2 08:59"))
    found.add("v:c:d", Person().did("cart_add", "2 20:00"))
    found.add("u:e", Person().did("page_view", "2 20:00"))
    found.add("u:a", Person().did("cart_add", "2 10:00"), organization=OTHER)
    return found


def get(service: QueryProcess, path: str, organization: str = ORGANIZATION, **more: Any) -> Reply:
    return service.report(f"/organizations/{organization}{path}", **more)


@pytest.mark.usefixtures("audience")
def test_the_list_has_the_newest_version_of_each_segment(service: QueryProcess) -> None:
    body = get(service, "/segments").json
    assert body["clock"] == "2026-03-03T09:00:00Z"
    found = [(s["segment_id"], s["version"], s["status"], s["members"]) for s in body["segments"]]
    assert found == [("carts", 2, "active", 2), ("gone", 1, "retired", 0)]
    active = get(service, "/segments", status="active", name="CART").json["segments"]
    assert [one["segment_id"] for one in active] == ["carts"]
    first = get(service, "/segments", page_size=1).json
    second = get(service, "/segments", page_size=1, cursor=first["pagination"]["next_cursor"]).json
    assert [one["segment_id"] for one in second["segments"]] == ["gone"]


@pytest.mark.usefixtures("audience")
def test_a_segment_tells_its_filters_and_its_versions(service: QueryProcess) -> None:
    newest = get(service, "/segments/carts", tz="Europe/Berlin").json
    assert (newest["filters"], newest["version"], newest["members"]) == (UNPAID, 2, 2)
    assert newest["defined_at"] == "2026-03-01T09:00:00+01:00"
    assert get(service, "/segments/carts", version=1).json["filters"] == {"event": "cart_add"}
    versions = get(service, "/segments/carts/history").json["versions"]
    assert [(one["version"], one["status"]) for one in versions] == [
        (1, "superseded"),
        (2, "active"),
    ]


@pytest.mark.usefixtures("audience")
def test_a_segment_tells_who_entered_and_left_by_day(service: QueryProcess) -> None:
    days = get(service, "/segments/carts").json["days"]
    found = [(day["date"], day["entered"], day["left"]) for day in days]
    assert len(found) == 7
    # b was in from the 1st at 12:00 until the 3rd at 8:59.
    assert found[-4:] == [
        ("2026-02-28", 0, 0),
        ("2026-03-01", 1, 0),
        ("2026-03-02", 2, 0),
        ("2026-03-03", 0, 1),
    ]
    assert {
        (day["entered"], day["left"]) for day in get(service, "/segments/gone").json["days"]
    } == {(0, 0)}


@pytest.mark.usefixtures("audience")
def test_members_are_read_page_by_page(service: QueryProcess) -> None:
    first = get(service, "/segments/carts/members", limit=1).json
    assert first["members"] == [{"person": "u:a", "since": "2026-03-02T10:00:00Z"}]
    second = get(service, "/segments/carts/members", limit=1, after=first["after"]).json
    assert second["members"] == [{"person": "v:c:d", "since": "2026-03-02T20:00:00Z"}]
    assert second["after"] is None


@pytest.mark.usefixtures("audience")
def test_members_of_an_earlier_moment_are_those_that_the_facts_give(service: QueryProcess) -> None:
    def people(at: str, **more: Any) -> list[str]:
        body = get(service, "/segments/carts/members", at=at, **more).json
        return [member["person"] for member in body["members"]]

    assert people("2026-03-02T09:59:59.999Z") == ["u:b"]
    assert people("2026-03-02T10:00:00Z") == ["u:a", "u:b"]
    assert people("2026-03-02T10:00:00Z", after="u:a") == ["u:b"]
    assert people("2026-03-02T21:00:00+01:00") == ["u:a", "u:b", "v:c:d"]
    assert people("2026-03-01T00:00:00Z") == []
    assert people("2026-03-03T08:00:00Z", version=1) == ["u:a", "u:b", "v:c:d"]
    later = get(service, "/segments/carts/members", at="2026-03-03T09:00:00.001Z")
    assert (later.status, "at: must not be after" in later.json["detail"]) == (422, True)


@pytest.mark.usefixtures("audience")
def test_a_membership_is_explained(service: QueryProcess) -> None:
    body = get(service, "/segments/carts/members/u:a").json
    assert (body["is_member"], body["at"]) == (True, "2026-03-03T09:00:00Z")
    assert body["filters"] == {
        "text": "at least 1 cart_add within PT24H, then no order.payment_succeeded",
        "value": True,
        "since": "2026-03-02T10:00:00Z",
        "until": "2026-03-03T10:00:00Z",
        "parts": [],
    }
    out = get(service, "/segments/carts/members/u:b").json
    assert (out["is_member"], out["filters"]["since"]) == (False, "2026-03-03T08:59:00Z")
    then = get(service, "/segments/carts/members/u:b", at="2026-03-02T12:00:00Z").json
    assert then["is_member"] is True


@pytest.mark.usefixtures("audience")
def test_a_persons_segments_are_those_they_were_ever_in(service: QueryProcess) -> None:
    body = get(service, "/people/u:b/segments").json
    assert body["segments"] == [
        {
            "segment_id": "carts",
            "version": 2,
            "is_member": False,
            "since": "2026-03-01T12:00:00Z",
            "until": "2026-03-03T08:59:00Z",
        }
    ]
    assert get(service, "/people/u:e/segments").json["segments"] == []
    assert get(service, "/people/u:nobody/segments").status == 404


def test_a_campaign_has_the_members_that_were_copied(office: Office, service: QueryProcess) -> None:
    named = {"organization_id": ORGANIZATION, "campaign_id": "spring"}
    times = {"pinned_at": datetime(2026, 3, 2, 18, tzinfo=UTC)}
    counts = {"status": "pinned", "members": 3, "erased": 1}
    office.world.documents["campaigns"].insert_one(
        {"_id": f"{ORGANIZATION}:spring", **named, "segment_id": "carts", "version": 1}
        | times
        | counts
    )
    for person, withdrawn_at in (("u:a", None), ("u:b", at("3 08:00")), ("v:c%3Ad", None)):
        office.world.documents["campaign_members"].insert_one(
            {
                "_id": f"{ORGANIZATION}:spring:{person}",
                **named,
                "person": person.replace("%3A", ":"),
                "since": at("2 10:00"),
                "withdrawn_at": withdrawn_at,
            }
        )
    body = get(service, "/campaigns/spring").json
    assert (body["pinned_at"], body["members"], body["erased"]) == ("2026-03-02T18:00:00Z", 3, 1)
    first = get(service, "/campaigns/spring/members", limit=2).json
    assert [member["withdrawn_at"] for member in first["members"]] == [
        None,
        "2026-03-03T08:00:00Z",
    ]
    rest = get(service, "/campaigns/spring/members", limit=2, after=first["after"]).json
    assert ([member["person"] for member in rest["members"]], rest["after"]) == (["v:c:d"], None)
    for path in ("/campaigns/spring", "/campaigns/spring/members"):
        assert get(service, path, organization=OTHER).status == 404
        assert get(service, path.replace("spring", "summer")).status == 404


@pytest.mark.usefixtures("audience")
def test_another_organizations_segments_are_as_if_not_there(service: QueryProcess) -> None:
    for path in (
        "/segments",
        "/segments/carts",
        "/segments/carts/members",
        "/segments/carts/members/u:a",
        "/people/u:a/segments",
    ):
        assert get(service, path, organization=OTHER).status == 404, path
    for path in ("/segments/unknown", "/segments/carts/members/u:unknown"):
        assert get(service, path).status == 404, path
    assert get(service, "/segments/carts", version=3).status == 404


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/segments/carts/members", {"limit": 1_001}),
        ("/segments/carts/members", {"limit": 0}),
        ("/segments/carts/members", {"at": "yesterday"}),
        ("/segments/carts/members", {"at": "0001-01-01T00:00:00+14:00"}),
        ("/segments/carts/members", {"after": "a"}),
        ("/segments/carts/members", {"version": 0}),
        ("/segments/carts/members/x:a", {}),
        ("/segments", {"status": "unknown"}),
        ("/segments", {"cursor": "x"}),
    ],
)
@pytest.mark.usefixtures("audience")
def test_bad_parameters_are_refused(
    service: QueryProcess, path: str, parameters: dict[str, Any]
) -> None:
    assert get(service, path, **parameters).status == 422
