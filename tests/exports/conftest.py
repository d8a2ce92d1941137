"""A query service that accepts export requests, and export workers."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from consumers import funnel_step, revenue
from daybook.engine.mongo import indexes
from daybook.exports.group import GROUP
from tests.query.conftest import Office
from tests.query.funnels.shop import FIRST, LAST, documents, shop
from tests.support.member import MemberProcess
from tests.support.query import API
from tests.support.service import Reply
from tests.support.wait import until
from tests.support.world import World

TOPIC = "sc.analytics.exports"
SECRET = "a secret of more than thirty-two bytes, for tests alone"
ORGANIZATION, FUNNEL = "default", "checkout"
EXPORT = f"{API}/export"


def export_request(**others: Any) -> dict[str, Any]:
    """The body of a request for an overview as csv. A field of None is left out."""
    defaults = {
        "report_type": "overview",
        "funnel_id": FUNNEL,
        "date_from": FIRST,
        "date_to": LAST,
        "format": "csv",
    }
    return {name: value for name, value in (defaults | others).items() if value is not None}


class ExportServices:
    """The simulated shop's documents, a query service that accepts requests, and workers."""

    def __init__(self, office: Office, **variables: str) -> None:
        self.office = office
        self.world = office.world
        self.folder = office.world.directory / "files"
        self.variables = {
            "DAYBOOK_EXPORTS_SECRET": SECRET,
            "DAYBOOK_EXPORTS_FOLDER": str(self.folder),
        } | variables
        self.world.make_topic(TOPIC)
        self.service = office.start(**self.variables)
        self.service.key = office.key("analyst", ORGANIZATION)

    def worker(self, failpoint: str = "", **variables: str) -> MemberProcess:
        environment = os.environ | self.world.variables | self.variables | variables
        environment |= {"DAYBOOK_FAILPOINT": failpoint}
        number = len(self.world.members)
        log = self.world.directory / f"exports-{number}.log"
        worker = MemberProcess([self.world.name], environment, log, "tests.support.exports")
        self.world.members.append(worker)
        return worker

    def request(
        self, key: str | None = None, headers: Mapping[str, str] | None = None, **others: Any
    ) -> Reply:
        """Requests an export, as soon as the service has found the cluster.

        By default as an analyst, or as an admin for personal data.
        """
        replies: list[Reply] = []
        if key is None and others.get("include_pii"):
            key = self.office.admin

        def is_available() -> bool:
            replies.append(self.service.post(EXPORT, export_request(**others), key, headers))
            return replies[-1].status != 503

        until(is_available, "the service accepts requests")
        assert replies[-1].status == 202, replies[-1].body
        return replies[-1]

    def request_job(self, **others: Any) -> str:
        """Requests an export; returns the job's id."""
        return str(self.request(**others).json["job_id"])

    def status(self, job_id: str, key: str | None = None) -> Reply:
        return self.service.get(f"{EXPORT}/{quote(job_id, safe='')}", key)

    def wait_for_job(self, job_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """The job, once it has ended."""

        def ended_job() -> dict[str, Any]:
            reply = self.status(job_id, self.office.admin)
            assert reply.status == 200, (reply.body, self.service.output()[-3_000:])
            return {} if reply.json["status"] == "processing" else dict(reply.json)

        return until(ended_job, f"{job_id} has ended", seconds)

    def export(self, **others: Any) -> bytes:
        """Requests a file, waits for it and downloads it."""
        job = self.wait_for_job(self.request_job(**others))
        assert job["status"] == "completed", job
        reply = self.fetch(job["download_url"])
        assert reply.status == 200, reply.body
        assert len(reply.body) == job["bytes"]
        return reply.body

    def fetch(self, url: str) -> Reply:
        """Calls a URL without a key."""
        return self.service.get(url, "")

    def report(self, name: str, **parameters: Any) -> Any:
        """The query service's response for the same report."""
        path = f"/funnels/{FUNNEL}/{name}"
        reply = self.service.report(path, first=FIRST, last=LAST, **parameters)
        assert reply.status == 200, reply.body
        return reply.json

    def stored(self, job_id: str) -> dict[str, Any]:
        document = self.world.documents["exports"].find_one({"job_id": job_id})
        assert document is not None
        return document

    def files(self) -> list[str]:
        """The names of finished files."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


@contextmanager
def start_services(
    servers: dict[str, str], directory: Path, **variables: str
) -> Iterator[ExportServices]:
    """A world with the simulated shop's documents, and a query service without workers."""
    with World(servers, directory) as world:
        office = Office(world)
        for group in (funnel_step.GROUP, revenue.GROUP, GROUP):
            indexes.ensure(world.documents, group)
        for collection in shop().stored:
            world.documents[collection].insert_many(documents(collection))
        try:
            yield ExportServices(office, **variables)
        finally:
            office.end()


@pytest.fixture(scope="session")
def services(
    servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExportServices]:
    """With a running worker, for all tests that only request files."""
    with start_services(servers, tmp_path_factory.mktemp("services")) as services:
        worker = services.worker()
        yield services
        worker.end()
