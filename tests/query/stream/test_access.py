"""Which channels each role may listen to."""

import pytest

from models.event_metrics import EventMetricsDay
from tests.query.conftest import ORGANIZATION, OTHER, Office
from tests.support.query import QueryProcess
from tests.support.streams import listening

DASHBOARD = f"analytics:dashboard:{ORGANIZATION}"


@pytest.fixture(scope="module")
def office(shared_office: Office) -> Office:
    """Shared by all tests of this file, which only check who gets a stream."""
    for organization in (ORGANIZATION, OTHER):
        event = f"of-{organization}"
        shared_office.day(EventMetricsDay, "2026-11-01", organization, event, views=1)
    return shared_office


@pytest.fixture(scope="module")
def service(office: Office) -> QueryProcess:
    return office.start()


def opens(service: QueryProcess, channel: str, key: str, **parameters: str) -> int:
    with listening(service, channel, key=key, **parameters) as listener:
        return listener.reply.status


@pytest.mark.parametrize("kind", ["event", "dashboard"])
def test_another_organizations_channel_looks_like_one_that_does_not_exist(
    service: QueryProcess, kind: str
) -> None:
    there = {"event": f"of-{OTHER}", "dashboard": OTHER}[kind]
    foreign, nobody = (
        service.report("/stream", channel=f"analytics:{kind}:{name}") for name in (there, "nobody")
    )
    assert (foreign.status, foreign.body) == (404, nobody.body)
    assert foreign.headers["content-type"] == "application/problem+json"


def test_roles_of_an_organization_listen_only_to_its_channels(
    office: Office, service: QueryProcess
) -> None:
    for channel in (DASHBOARD, f"analytics:event:of-{ORGANIZATION}"):
        for role in ("analyst", "owner", "server"):
            assert opens(service, channel, office.key(role)) == 200
        assert opens(service, channel, office.key("creator", subject="anna")) == 403
        assert service.report("/stream", "", channel=channel).status == 401


def test_an_admin_listens_to_every_organization(office: Office, service: QueryProcess) -> None:
    theirs = f"analytics:event:of-{OTHER}"
    assert opens(service, f"analytics:dashboard:{OTHER}", office.admin) == 200
    assert opens(service, theirs, office.admin, organization_id=OTHER) == 200
    assert opens(service, theirs, office.admin) == 404


@pytest.mark.parametrize(
    "channel",
    ["", "analytics:funnel:spring", "analytics:event:", "analytics:dashboard:a b", "*", "x" * 400],
)
def test_an_invalid_channel_is_refused_with_the_reason(service: QueryProcess, channel: str) -> None:
    reply = service.report("/stream", channel=channel)
    assert reply.status == 422
    assert "channel" in reply.json["detail"]


def test_the_redis_name_of_a_channel_does_not_reach_another_organization(
    service: QueryProcess,
) -> None:
    for name in (f"{OTHER}:of-{OTHER}", f"{ORGANIZATION}:of-{ORGANIZATION}"):
        assert service.report("/stream", channel=f"analytics:event:{name}").status == 404
