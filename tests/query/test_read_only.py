"""Every report works with a read-only MongoDB user, and the service warns if the user may write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from tests.query.conftest import ORGANIZATION, Office
from tests.query.funnels.test_bodies import paths
from tests.query.test_openapi import PATHS, counted
from tests.support.wait import until
from tests.support.world import World

PASSWORD = "not-to-be-seen-anywhere"
MAY_WRITE = "this MongoDB user may write"


class Guarded(MongoDB):
    """A MongoDB server with access control, as in production."""

    def command(self) -> list[str]:
        file = self.directory / "key"
        file.write_text("c" * 64)
        file.chmod(0o600)
        return [*super().command(), "--keyFile", str(file)]

    def uri(self, user: str) -> str:
        query = urlencode({"replicaSet": self.replica_set.name, "authSource": "admin"})
        return f"mongodb://{user}:{PASSWORD}@127.0.0.1:{self.port}/?{query}"


def make_user(uri: str, user: str, role: str, database: str) -> None:
    roles = [{"role": role, "db": database}]
    with MongoClient[dict[str, Any]](uri) as client:
        client.admin.command("createUser", user, pwd=PASSWORD, roles=roles)


@pytest.fixture
def mongodb(tmp_path: Path) -> Iterator[Guarded]:
    (port,) = free_ports(1)
    unguarded = MongoDB(tmp_path / "mongodb", port)
    guarded = Guarded(tmp_path / "mongodb", port)
    try:
        unguarded.start()
        make_user(unguarded.address, "root", "root", "admin")
        unguarded.stop()
        guarded.start()
        yield guarded
    finally:
        guarded.kill()
        guarded.wipe()


@pytest.fixture
def office(mongodb: Guarded, servers: dict[str, str], tmp_path: Path) -> Iterator[Office]:
    variables = servers | {"DAYBOOK_MONGODB_URI": mongodb.uri("root")}
    with World(variables, tmp_path) as world:
        own = Office(world)
        yield own
        own.end()


def test_every_report_works_with_a_read_only_user(mongodb: Guarded, stored: Office) -> None:
    counted(stored)
    make_user(mongodb.uri("root"), "reports", "read", stored.world.name)
    uri = mongodb.uri("reports")
    with (
        MongoClient[dict[str, Any]](uri) as client,
        pytest.raises(OperationFailure, match="not authorized"),
    ):
        client[stored.world.name]["funnels"].insert_one({})
    service = stored.start(DAYBOOK_QUERY_MONGODB_URI=uri)
    service.key = stored.admin
    assert service.get("/ready").status == 200
    requests = [(path, {"organization_id": "default", **days}) for path, days in paths().values()]
    for path, days in PATHS.values():
        scope = {"organization_id": ORGANIZATION} if path.startswith("/events") else {}
        requests.append((path, {**days, **scope}))
    for path, parameters in requests:
        assert service.report(path, **parameters).status == 200, path
    assert MAY_WRITE not in service.output()
    assert PASSWORD not in service.output()


def test_the_service_warns_once_of_a_user_that_may_write(stored: Office) -> None:
    service = stored.start()
    until(lambda: MAY_WRITE in service.output(), "the service warns")
    (line,) = [line for line in service.output().splitlines() if MAY_WRITE in line]
    assert "DAYBOOK_MONGODB_URI" in line
    assert PASSWORD not in service.output()


def test_without_access_control_there_is_no_warning(
    servers: dict[str, str], tmp_path: Path
) -> None:
    with World(servers, tmp_path) as world:
        own = Office(world)
        service = own.start()
        assert service.report("/revenue", own.admin, first="2026-11-01", last="2026-11-02").json
        own.end()
        assert MAY_WRITE not in service.output()
