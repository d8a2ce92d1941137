"""What every test may ask for: the servers, and a fleet of its own on them."""

from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
from filelock import FileLock
from playwright.sync_api import Browser

from daybook.local.kafka import Kafka
from daybook.local.mongodb import MongoDB
from daybook.local.ports import free_ports
from tests.support import browser
from tests.support import servers as test_servers
from tests.support.world import World

LOG_LINES_SHOWN = 60

# How long an example takes says something about the machine alone.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


def _shared(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    base = factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> dict[str, str]:
    """The `DAYBOOK_*` variables of the servers, which all workers share."""
    root = _shared(tmp_path_factory, worker_id)
    with FileLock(root / "servers.lock"):
        return test_servers.start(root)


@pytest.fixture
def world(servers: dict[str, str], tmp_path: Path) -> Iterator[World]:
    """Topics, a database and members that no other test sees."""
    with World(servers, tmp_path) as own:
        yield own


@pytest.fixture
def mongodb(tmp_path: Path) -> Iterator[MongoDB]:
    """A server of the test's own, which it may stop, restart and replace."""
    server = MongoDB(tmp_path / "mongodb", free_ports(1)[0])
    server.start()
    yield server
    server.kill()
    server.wipe()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Kafka]:
    """A broker of the test's own, as `mongodb` is a server."""
    server = Kafka(tmp_path / "kafka", *free_ports(2))
    server.start()
    yield server
    server.kill()
    server.wipe()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that fails shows the ends of what its members and services logged."""
    report = yield
    if report.failed:
        fixtures = item.funcargs.values()  # type: ignore[attr-defined]
        worlds = [getattr(fixture, "world", fixture) for fixture in fixtures]
        directories = {own.directory for own in worlds if isinstance(own, World)}
        for log in sorted(log for each in directories for log in each.rglob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
            report.sections.append((f"end of {log.name}", "\n".join(lines)))
    return report


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A module's: no test of another one may find an event loop in its thread."""
    with browser.chromium() as own:
        yield own


def pytest_sessionfinish(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        factory: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        test_servers.stop(factory.getbasetemp())
