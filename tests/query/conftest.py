"""Fixtures: a query service over a world's documents, with keys of several roles."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64
from playwright.sync_api import Browser

from consumers import funnel_step, revenue
from daybook.engine.documents.fields import Counter, DailyDocument, PerCurrency
from daybook.engine.documents.keys import encode_part
from daybook.engine.mongo import indexes
from daybook.service import api_keys
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from tests.query.funnels.shop import FIRST, LAST, documents, shop
from tests.support.desk import Desk
from tests.support.query import QueryProcess
from tests.support.world import World

ORGANIZATION = "org-1"
OTHER = "org-2"


class Office:
    """A world with keys of several roles, for documents written by hand and services to call."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._services: list[QueryProcess] = []
        self.analyst = self.key("analyst")
        self.stranger = self.key("analyst", OTHER)
        self.admin = self.key("admin")

    def key(
        self, role: api_keys.Role, organization: str = ORGANIZATION, subject: str | None = None
    ) -> str:
        now = datetime.now(UTC)
        made = api_keys.create(
            self.world.documents, "read", organization, "test", now, role, subject
        )
        return made[0]

    def start(self, **variables: str) -> QueryProcess:
        log = self.world.directory / f"query-{len(self._services)}.log"
        service = QueryProcess(os.environ | self.world.variables | variables, log)
        self._services.append(service)
        service.key = self.analyst
        return service

    def complete(self) -> None:
        """Lets the query service know that all documents are of the newest models.

        Groups of tests have names of their own, under which the service does not look.
        """
        for group in (funnel_step.GROUP, revenue.GROUP):
            by_id = {"_id": f"group:{group.name}"}
            self.world.documents["_daybook"].update_one(
                by_id, {"$set": {"models": group.models}}, upsert=True
            )

    def day(self, model: type[DailyDocument], day: str, *key: str, **values: Any) -> None:
        """Writes a daily document with these values; other numbers are 0."""
        key_fields = dict(zip(model.key, key, strict=True))
        zeros = {
            name: Int64(0)
            for name, field in model.fields.items()
            if isinstance(field, Counter | PerCurrency)
        }
        identity = {
            "_id": ":".join(encode_part(part) for part in (*key, day)),
            "date": datetime.fromisoformat(f"{day}T00:00:00+00:00"),
            "hours": {},
            "_daybook": {"revision": Int64(1), "model": 1},
            "updated_at": datetime.now(UTC),
        }
        by_id = {"_id": identity["_id"]}
        document = identity | key_fields | zeros | values
        self.world.documents[model.collection].replace_one(by_id, document, upsert=True)

    def end(self) -> None:
        for service in self._services:
            service.end()


@pytest.fixture(scope="module")
def shared_office(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """One for all tests of a file, in a world of its own."""
    with World(servers, tmp_path_factory.mktemp("office")) as own_world:
        own = Office(own_world)
        yield own
        own.end()


@pytest.fixture
def office(world: World) -> Iterator[Office]:
    own = Office(world)
    yield own
    own.end()


@pytest.fixture
def service(office: Office) -> QueryProcess:
    return office.start()


@pytest.fixture
def desk(service: QueryProcess, chromium: Browser) -> Iterator[Desk]:
    with Desk(chromium, service.port) as own:
        yield own


@pytest.fixture
def stored(office: Office) -> Office:
    """The simulated shop's documents, and two days of the platform's orders."""
    for group in (funnel_step.GROUP, revenue.GROUP):
        indexes.ensure(office.world.documents, group)
    for collection in shop().stored:
        office.world.documents[collection].insert_many(documents(collection))
    for day, cents in ((FIRST, 9_000), (LAST, 12_345)):
        paid = {"gross_revenue_cents": Int64(cents), "paid_orders": Int64(2)}
        office.day(RevenueDay, day, currencies={"EUR": paid})
        office.day(OrderFunnelDay, day, orders_created=Int64(4), payments_succeeded=Int64(2))
    return office
