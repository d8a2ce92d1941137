"""Jobs wait in a queue: each is one worker's, and comes to another one if that worker is gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from daybook.engine.mongo import indexes
from daybook.exports.group import GROUP
from daybook.exports.job import Job
from daybook.exports.job_store import LEASE_SECONDS, Jobs
from daybook.exports.runner import RENEW_SECONDS
from tests.support.world import World

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)


def job(organization: str, number: int) -> Job:
    return Job(
        organization_id=organization,
        job_id=f"j{number}",
        report_type="events",
        format="csv",
        date_from="2026-11-01",
        date_to="2026-11-02",
        funnel_id=None,
        user_id=None,
        include_charts=False,
        include_pii=False,
        requested_at=AT + timedelta(seconds=number),
    )


@pytest.fixture
def jobs(world: World) -> Jobs:
    indexes.ensure(world.documents, GROUP)
    return Jobs(world.documents)


def stored(world: World, one: Job) -> dict[str, Any]:
    document = world.documents["exports"].find_one({"_id": one.id})
    assert document is not None
    return document


def end_lease(world: World, one: Job) -> None:
    past = {"$set": {"claimed_until": datetime(2026, 1, 1, tzinfo=UTC)}}
    world.documents["exports"].update_one({"_id": one.id}, past)


def test_a_job_waits_once_until_a_worker_takes_it(world: World, jobs: Jobs) -> None:
    for one in (job("b", 2), job("a", 3), job("a", 1), job("a", 3)):
        jobs.add(one)
    assert jobs.waiting_organizations() == ["a", "b"]
    first, second, none = (jobs.claim("a") for _ in range(3))
    assert first and second
    assert (first.job, first.attempt) == (job("a", 1), 1)
    assert (second.job, second.attempt) == (job("a", 3), 1)
    assert none is None
    assert jobs.waiting_organizations() == ["b"]
    jobs.add(first.job)
    assert jobs.claim("a") is None
    assert stored(world, first.job)["attempt"] == 1


def test_a_lease_lasts_while_it_is_renewed(world: World, jobs: Jobs) -> None:
    assert LEASE_SECONDS >= 3 * RENEW_SECONDS
    jobs.add(job("a", 1))
    lost = jobs.claim("a")
    assert lost
    end_lease(world, lost.job)
    assert jobs.renew(lost)
    assert jobs.claim("a") is None
    end_lease(world, lost.job)
    new = jobs.claim("a")
    assert new
    assert new.attempt == 2
    assert not jobs.renew(lost)
    jobs.release(lost)
    assert jobs.claim("a") is None
    jobs.release(new)
    assert jobs.waiting_organizations() == ["a"]


def test_a_job_that_has_ended_is_taken_to_announce_it(world: World, jobs: Jobs) -> None:
    jobs.add(job("a", 1))
    claim = jobs.claim("a")
    assert claim
    assert jobs.completed(claim, 5, 1, AT)
    assert jobs.claim("a") is None
    end_lease(world, claim.job)
    again = jobs.claim("a")
    assert again == claim
    jobs.mark_notified(claim.job)
    end_lease(world, claim.job)
    assert jobs.waiting_organizations() == []
    assert jobs.claim("a") is None


def test_a_job_of_an_earlier_version_is_taken_although_it_has_no_lease(
    world: World, jobs: Jobs
) -> None:
    jobs.add(job("a", 1))
    exports = world.documents["exports"]
    exports.update_one({}, {"$unset": {"claimed_until": ""}, "$set": {"attempt": 3}})
    claim = jobs.claim("a")
    assert claim
    assert claim.attempt == 4


def test_waiting_jobs_are_found_by_an_index(world: World, jobs: Jobs) -> None:
    ended = {"status": "completed", "is_told": True, "organization_id": "a"}
    world.documents["exports"].insert_many([ended | {"_id": f"a:{n}"} for n in range(200)])
    jobs.add(job("a", 1))
    world.documents.command("profile", 2)
    assert jobs.waiting_organizations() == ["a"]
    assert jobs.claim("a")
    world.documents.command("profile", 0)
    for entry in world.documents["system.profile"].find({"ns": f"{world.name}.exports"}):
        assert entry.get("docsExamined", 0) <= 2, entry
