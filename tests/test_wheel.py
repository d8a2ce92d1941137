"""The wheel, installed somewhere else: it runs everything, and a member with the core alone."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest

from bench.install.environment import ROOT, build_wheel, make_environment
from tests.support.renamed_topics import with_topics
from tests.support.service import ServiceProcess
from tests.support.world import World

ORDERS = """\
{"event_id": "6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a01", "event_type": "order.created", \
"occurred_at": "2026-11-20T09:58:00Z", "schema_version": 1, \
"data": {"order_id": "A-1", "currency": "EUR", "total_cents": 4990}}
{"event_id": "6f0d1a52-0b1e-4c53-9d0a-0c6f1f9d7a02", "event_type": "order.payment_succeeded", \
"occurred_at": "2026-11-20T10:00:00Z", "schema_version": 1, \
"data": {"order_id": "A-1", "currency": "EUR", "amount_cents": 4990}}
"""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and an empty directory to stand in."""

    python: Path
    directory: Path

    def daybook(
        self, *arguments: str, variables: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.python.parent / "daybook", *arguments],
            cwd=self.directory,
            env=self.environment(variables or {}),
            capture_output=True,
            text=True,
            timeout=120,
        )

    def serve(self, name: str, started: str, variables: Mapping[str, str]) -> ServiceProcess:
        return ServiceProcess(
            "daybook",
            ("serve", name, "--port", "0"),
            started,
            self.environment(variables) | {"DAYBOOK_LOG_FORMAT": "json"},
            self.directory / f"{name}.log",
            str(self.python),
            self.directory,
        )

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Without what would let it find the repository."""
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return inherited | {"COLUMNS": "200"} | dict(variables)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def install(wheel: Path, directory: Path, *extras: str) -> Installed:
    (directory / "empty").mkdir()
    python = make_environment(directory / "venv", wheel, extras)
    return Installed(python, directory / "empty")


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(wheel, tmp_path_factory.mktemp("core"))


@pytest.fixture(scope="module")
def whole(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(wheel, tmp_path_factory.mktemp("all"), "all")


@pytest.fixture
def variables(world: World, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A world's settings, with a file of topics that are called otherwise on the cluster."""
    yield with_topics(world, tmp_path)


def test_it_has_every_file_of_its_packages(wheel: Path) -> None:
    packages = ("consumers", "daybook", "models", "schemas")
    wanted = {
        str(path.relative_to(ROOT))
        for package in packages
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    assert wanted | {"schemas/topics.yaml"} <= packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)


def test_a_member_needs_the_core_alone(
    core: Installed, world: World, variables: Mapping[str, str]
) -> None:
    world.make_topic("sc.domain.order")
    (core.directory / "orders.ndjson").write_text(ORDERS)
    published = core.daybook("publish", "sc.domain.order", "orders.ndjson", variables=variables)
    assert published.returncode == 0, published.stderr
    counted = core.daybook("run", "revenue", "--until-caught-up", variables=variables)
    assert counted.returncode == 0, counted.stdout + counted.stderr
    day = world.documents["analytics_revenue"].find_one({"_id": "2026-11-20"})
    assert day is not None
    assert day["currencies"]["EUR"]["gross_revenue_cents"] == 4990


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("up", "demo"),
        ("demo", "demo"),
        ("verify revenue --all", "recount"),
        ("rebuild revenue --all", "recount"),
        ("run segment", "segments"),
        ("serve collector", "collector"),
        ("serve query", "query"),
        ("serve exports", "exports"),
        ("schemas --openapi", "query"),
    ],
)
def test_a_command_whose_extra_is_missing_names_it(
    core: Installed, command: str, extra: str
) -> None:
    done = core.daybook(*command.split())
    assert done.returncode == 2
    assert f"pip install 'daybook[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_is_listed_and_the_version_is_printed(core: Installed) -> None:
    assert "verify" in core.daybook("--help").stdout
    assert core.daybook("--version").stdout.startswith("daybook 0.")


def test_the_events_are_listed_away_from_the_repository(core: Installed) -> None:
    listed = core.daybook("schemas")
    assert "sc.domain.order, key data.order_id" in listed.stdout


def test_its_numbers_can_be_recounted(
    whole: Installed, world: World, variables: Mapping[str, str]
) -> None:
    assert "--all" in whole.daybook("verify", "--help").stdout
    world.make_topic("sc.domain.order")
    (whole.directory / "orders.ndjson").write_text(ORDERS)
    whole.daybook("publish", "sc.domain.order", "orders.ndjson", variables=variables)
    whole.daybook("run", "revenue", "--until-caught-up", variables=variables)
    verified = whole.daybook("verify", "revenue", "--all", variables=variables)
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert "1 document and 1 state equal, recounted from 2 messages" in verified.stdout


def test_its_services_have_their_files(whole: Installed, variables: Mapping[str, str]) -> None:
    secrets = {"DAYBOOK_EXPORTS_SECRET": "s" * 32, "DAYBOOK_HEALTH_HOST": "127.0.0.1"}
    query = whole.serve("query", "query started", {**variables, **secrets})
    collector = whole.serve("collector", "collector started", variables)
    try:
        for service, path in (
            (query, "/health"),
            (query, "/"),
            (query, "/dashboard/app.js"),
            (query, "/openapi.json"),
            (collector, "/live"),
            (collector, "/daybook.js"),
        ):
            assert service.call("GET", path, None, {}).status == 200, path
    finally:
        assert (query.end(), collector.end()) == (0, 0)


def test_its_export_worker_runs(
    whole: Installed, world: World, variables: Mapping[str, str]
) -> None:
    world.make_topic("sc.analytics.exports")
    secrets = {"DAYBOOK_EXPORTS_SECRET": "s" * 32}
    worker = whole.serve("exports", "member started", {**variables, **secrets})
    try:
        assert worker.call("GET", "/live", None, {}).status == 200
    finally:
        assert worker.end() == 0
