"""An office where files can be asked for, and workers that make them."""

import os
from collections.abc import Iterator
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


def order(**others: Any) -> dict[str, Any]:
    """A request for an overview as csv. What is None is left out."""
    own = {
        "report_type": "overview",
        "funnel_id": FUNNEL,
        "date_from": FIRST,
        "date_to": LAST,
        "format": "csv",
    }
    return {name: value for name, value in (own | others).items() if value is not None}


class Press:
    """The simulated shop's reports, a service that takes orders, and workers."""

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
        own = os.environ | self.world.variables | self.variables | {"DAYBOOK_FAILPOINT": failpoint}
        number = len(self.world.members)
        log = self.world.directory / f"exports-{number}.log"
        made = MemberProcess([self.world.name], own | variables, log, "tests.support.exports")
        self.world.members.append(made)
        return made

    def ask(self, key: str | None = None, **others: Any) -> Reply:
        """Once the service has found the cluster."""
        found: list[Reply] = []

        def taken() -> bool:
            found.append(self.service.post(EXPORT, order(**others), key))
            return found[-1].status != 503

        until(taken, "the service takes orders")
        assert found[-1].status == 202, found[-1].body
        return found[-1]

    def ordered(self, **others: Any) -> str:
        """The job's id."""
        return str(self.ask(**others).json["job_id"])

    def look(self, job_id: str, key: str | None = None) -> Reply:
        return self.service.get(f"{EXPORT}/{quote(job_id, safe='')}", key)

    def ended(self, job_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """The job once it is not under way any more."""

        def found() -> dict[str, Any]:
            reply = self.look(job_id)
            assert reply.status == 200, (reply.body, self.service.said()[-3_000:])
            return {} if reply.json["status"] == "processing" else dict(reply.json)

        return until(found, f"{job_id} has ended", seconds)

    def made(self, **others: Any) -> bytes:
        """The file, asked for, waited for and fetched."""
        job = self.ended(self.ordered(**others))
        assert job["status"] == "completed", job
        reply = self.fetch(job["download_url"])
        assert reply.status == 200, reply.body
        assert len(reply.body) == job["bytes"]
        return reply.body

    def fetch(self, url: str) -> Reply:
        """With no key at all."""
        return self.service.get(url, "")

    def report(self, name: str, **parameters: Any) -> Any:
        """The API's own answer."""
        of = f"/funnels/{FUNNEL}/{name}"
        reply = self.service.report(of, first=FIRST, last=LAST, **parameters)
        assert reply.status == 200, reply.body
        return reply.json

    def stored(self, job_id: str) -> dict[str, Any]:
        found = self.world.documents["exports"].find_one({"job_id": job_id})
        assert found is not None
        return found

    def files(self) -> list[str]:
        """Those with a name; what is being written has none yet."""
        return sorted(path.name for path in self.folder.iterdir() if path.is_file())


@contextmanager
def opened(servers: dict[str, str], directory: Path, **variables: str) -> Iterator[Press]:
    """A press in a world of its own, over the simulated shop's documents."""
    with World(servers, directory) as world:
        own = Office(world)
        for group in (funnel_step.GROUP, revenue.GROUP, GROUP):
            indexes.ensure(world.documents, group)
        for collection in shop().stored:
            world.documents[collection].insert_many(documents(collection))
        try:
            yield Press(own, **variables)
        finally:
            own.end()


@pytest.fixture(scope="session")
def press(servers: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Press]:
    """With a worker, for all tests that only ask for files."""
    with opened(servers, tmp_path_factory.mktemp("press")) as own:
        worker = own.worker()
        yield own
        worker.end()
