"""Fixtures: a query service over the simulated shop's documents, in a real MongoDB."""

from typing import Any

import pytest

from consumers import funnel_step, revenue
from daybook.engine.mongo import indexes
from tests.query.conftest import Office
from tests.query.funnels.shop import documents, shop
from tests.support.query import QueryProcess


class Reading:
    """Reads reports of any organization as an admin."""

    def __init__(self, office: Office, service: QueryProcess) -> None:
        self.office = office
        self.service = service

    def report(self, path: str, organization: str = "default", **parameters: object) -> Any:
        """The body of a report; fails unless the status is 200."""
        reply = self.service.report(
            path, self.office.admin, organization_id=organization, **parameters
        )
        assert reply.status == 200, (reply.body, self.service.output()[-3_000:])
        return reply.json


@pytest.fixture
def reading(office: Office, service: QueryProcess) -> Reading:
    for group in (funnel_step.GROUP, revenue.GROUP):
        indexes.ensure(office.world.documents, group)
    office.complete()
    for collection in shop().stored:
        office.world.documents[collection].insert_many(documents(collection))
    return Reading(office, service)
