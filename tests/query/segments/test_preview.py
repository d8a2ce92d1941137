"""Filters are tried out before anybody defines a segment by them."""

from typing import Any

import pytest

from daybook.segments.feed import profile_id
from daybook.segments.stage.profiles import blank
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.query.segments.audience import CARTS, Audience
from tests.segments.filters.person import Person, at
from tests.support.query import API, QueryProcess
from tests.support.service import Reply

PEOPLE = 24_000


def preview(
    service: QueryProcess, filters: Any, organization: str = ORGANIZATION, **more: Any
) -> Reply:
    path = f"{API}/organizations/{organization}/segments/preview"
    return service.post(path, {"filters": filters, **more})


@pytest.fixture
def audience(office: Office) -> Audience:
    found = Audience(office.world.documents)
    found.define("carts", {"event": "cart_add"}, status="superseded")
    found.define("carts", CARTS, version=2)
    found.add("u:a", Person().did("cart_add", "2 10:00"))
    found.add("u:b", Person().did("cart_add", "1 10:00"))
    found.add("u:c", Person().did("page_view", "2 10:00"))
    found.add("u:a", Person().did("cart_add", "2 10:00"), organization=OTHER)
    return found


@pytest.mark.usefixtures("audience")
def test_a_few_people_are_counted(service: QueryProcess) -> None:
    reply = preview(service, {"not": CARTS})
    assert (reply.status, reply.json) == (
        200,
        {
            "at": "2026-03-03T09:00:00Z",
            "people": 3,
            "count": 2,
            "low": 2,
            "high": 2,
            "method": "count",
        },
    )


@pytest.mark.usefixtures("audience")
def test_filters_may_refer_to_segments_of_the_organization(service: QueryProcess) -> None:
    assert preview(service, {"segment": "carts"}).json["count"] == 1
    assert preview(service, {"segment": "carts", "version": 1}).json["count"] == 2
    unknown = preview(service, {"all": [{"event": "view"}, {"segment": "other"}]})
    assert (unknown.status, unknown.json["detail"]) == (
        422,
        "filters.all[1].segment: there is no such segment or version",
    )


def test_of_many_people_a_sample_is_examined(office: Office, service: QueryProcess) -> None:
    documents = office.world.documents
    documents["segment_clocks"].insert_many(
        [{"_id": shard, "clock": at("3 09:00")} for shard in range(12)]
    )
    facts = [Person().did("cart_add", "2 10:00").profile, Person().did("view", "2 10:00").profile]
    documents["segment_profiles"].insert_many(
        blank(profile_id(ORGANIZATION, f"u:{number}")) | facts[number % 4 > 0]
        for number in range(PEOPLE)
    )
    body = preview(service, CARTS).json
    assert (body["people"], body["method"]) == (PEOPLE, "sample")
    assert body["low"] < body["count"] < body["high"]
    assert body["low"] <= PEOPLE // 4 <= body["high"]
    assert body["high"] - body["low"] < PEOPLE // 25


@pytest.mark.parametrize(
    ("filters", "reason"),
    [
        (
            {"all": [CARTS, {"not": {"event": "view", "within": "P1M"}}]},
            "filters.all[1].not.within",
        ),
        ({"all": []}, "filters.all"),
        ({"event": "unknown"}, "filters.event"),
        ({"event": "view", "attribute": "country"}, "filters"),
        ("$where", "filters"),
        ({"$where": "sleep(1000)"}, "filters"),
        ({"revenue": {"at_least": 5}}, "filters.revenue.currency"),
    ],
)
def test_bad_filters_are_refused_with_their_path(
    service: QueryProcess, filters: Any, reason: str
) -> None:
    reply = preview(service, filters)
    assert (reply.status, reason in reply.json["detail"]) == (422, True), reply.json


def test_other_bodies_are_refused(service: QueryProcess) -> None:
    assert preview(service, CARTS, more=1).status == 422
    assert preview(service, {"event": "view", "where": {"name": "x" * 20_000}}).status == 413
    path = f"{API}/organizations/{ORGANIZATION}/segments/preview"
    for raw in (b"", b"{", b"[]", b'{"filters":' + b'{"not":' * 2_000):
        assert service.post(path, raw).status == 422
    assert preview(service, CARTS, organization=OTHER).status == 404


@pytest.mark.usefixtures("audience")
@pytest.mark.parametrize("value", ["$country", "$$ROOT", "a.b", "{$ne: null}"])
def test_values_are_literals(service: QueryProcess, value: str) -> None:
    assert preview(service, {"attribute": "country", "is": value}).json["count"] == 0
    assert preview(service, {"attribute": "country", "is_not": value}).json["count"] == 3
