"""Servers run as processes with Java, as containers with only Docker; given ones are untouched."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from daybook.cli.down import servers_down
from daybook.cli.support.local_secret import local_secret
from daybook.cli.support.local_servers import given_servers, without_secrets
from daybook.cli.up import servers_up
from daybook.engine.errors import DaybookError
from daybook.engine.settings import settings
from daybook.local import jars
from daybook.local.choice import choose
from daybook.local.docker import COMPOSE, Containers
from daybook.local.errors import ServerError
from daybook.local.process import Process, remember, spawn
from daybook.local.server import State
from daybook.local.stack import NAMES, Ports, Stack

GIVEN = {
    "DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": "broker.example:9092",
    "DAYBOOK_MONGODB_URI": "mongodb://user:secret@store.example/?replicaSet=rs",
    "DAYBOOK_REDIS_URL": "rediss://:secret@live.example:6380/0?password=secret",
}
# A fake Docker: logs its arguments, and remembers which containers run.
DOCKER = """#!/bin/sh
here=$(dirname "$0")
case "$*" in
  info) exit ${DOCKER_INFO:-0};;
  "compose version") exit 0;;
esac
echo "$*" >> "$here/calls"
case "$*" in
  *" up "*) for name in kafka mongodb redis; do
      case "$*" in *" $name"*) touch "$here/$name";; esac
    done;;
  *" rm "*) for name in kafka mongodb redis; do
      case "$*" in *" $name"*) rm -f "$here/$name";; esac
    done;;
  *" ps "*) for name in kafka mongodb redis; do
      if [ -e "$here/$name" ]; then echo $name; fi
    done;;
esac
"""


@pytest.fixture(autouse=True)
def fresh_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for variable in (*GIVEN, "DAYBOOK_EXPORTS_FOLDER"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / ".daybook").mkdir()
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def all_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, address in GIVEN.items():
        monkeypatch.setenv(variable, address)


@pytest.fixture
def no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH without Java, and without Docker until a test adds it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("sh", "dirname", "touch", "rm"):
        path = shutil.which(program)
        assert path
        (programs / program).symlink_to(path)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    return programs


@pytest.fixture
def docker(no_java: Path) -> Path:
    """A directory with a fake `docker`, which logs its arguments to the file `calls`."""
    program = no_java / "docker"
    program.write_text(DOCKER)
    program.chmod(0o755)
    return no_java


@pytest.fixture
def running_kafka(tmp_path: Path) -> Iterator[Process]:
    """A process that the pid file in `.daybook` names as the broker."""
    directory = tmp_path / ".daybook" / "kafka"
    directory.mkdir()
    process = spawn([sys.executable, "-c", "import signal; signal.pause()"], directory / "log")
    remember(process, directory / "pid")
    yield process
    process.kill()


def printed(console: Console) -> str:
    return console.export_text()


def test_without_java_and_docker_the_error_asks_for_java(no_java: Path, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="Kafka needs Java 17"):
        choose(tmp_path / ".daybook", NAMES)


def test_docker_that_does_not_answer_is_not_used(
    docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_INFO", "1")
    with pytest.raises(ServerError, match="Kafka needs Java 17"):
        choose(tmp_path / ".daybook", NAMES)


def test_only_kafka_needs_java(no_java: Path, tmp_path: Path) -> None:
    assert isinstance(choose(tmp_path / ".daybook", ["redis"]).servers, Stack)


def test_containers_are_started_stopped_and_wiped(docker: Path, tmp_path: Path) -> None:
    chosen = choose(tmp_path / ".daybook", NAMES)
    assert isinstance(chosen.servers, Containers)
    assert "Kafka needs Java 17" in chosen.why
    assert set(chosen.servers.start(NAMES).values()) == {State.STARTED}
    assert set(chosen.servers.start(NAMES).values()) == {State.RUNNING}
    assert chosen.servers.stop(["redis"]) == {"redis"}
    assert chosen.servers.were_started()
    assert chosen.servers.stop(NAMES, wipe=True) == {"kafka", "mongodb"}
    assert not (tmp_path / ".daybook").exists()
    calls = (docker / "calls").read_text()
    compose = f"compose -p daybook -f {COMPOSE}"
    assert f"{compose} up --detach --wait kafka mongodb redis\n" in calls
    assert "volume rm --force daybook_kafka daybook_mongodb daybook_redis\n" in calls


def test_containers_on_other_ports_are_another_project(docker: Path, tmp_path: Path) -> None:
    ports = Ports.parse("29092,37117,26379")
    choose(tmp_path / ".daybook", NAMES, ports).servers.start(NAMES)
    assert f"compose -p daybook-29092 -f {COMPOSE} up" in (docker / "calls").read_text()


def test_existing_containers_are_used_again_even_with_java(
    docker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(tmp_path / ".daybook", NAMES).servers.start(NAMES)
    monkeypatch.setattr(jars, "require", lambda: None)
    assert isinstance(choose(tmp_path / ".daybook", NAMES).servers, Containers)


def test_given_servers_are_neither_stopped_nor_wiped(
    all_given: None, running_kafka: Process, tmp_path: Path
) -> None:
    console = Console(record=True, quiet=False)
    servers_down(console, wipe=True)
    assert running_kafka.is_alive()
    assert (tmp_path / ".daybook" / "kafka" / "pid").exists()
    left_alone = "kafka: left alone, because DAYBOOK_KAFKA_BOOTSTRAP_SERVERS names it"
    assert left_alone in printed(console)


def test_given_servers_are_not_started(all_given: None, no_java: Path, tmp_path: Path) -> None:
    console = Console(record=True, width=120)
    servers_up(console)
    output = printed(console)
    for name, variable in zip(NAMES, GIVEN, strict=True):
        assert f"{name}: your own, because {variable} names it" in output
    assert "secret" not in output
    assert list((tmp_path / ".daybook").iterdir()) == []


def test_a_server_that_is_not_given_is_stopped(running_kafka: Process) -> None:
    console = Console(record=True)
    servers_down(console, wipe=False)
    assert not running_kafka.is_alive()
    assert "kafka: stopped" in printed(console)


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    file = tmp_path / ".daybook" / "exports" / "a file.csv"
    file.parent.mkdir()
    file.write_text("who bought what")
    return file


def test_a_wipe_removes_exported_files_and_their_secret(no_java: Path, exported: Path) -> None:
    console = Console(record=True)
    local_secret(exported.parent.parent)
    servers_down(console, wipe=False)
    assert exported.exists()
    servers_down(console, wipe=True)
    assert not exported.parent.parent.exists()
    assert "exports: files removed" in printed(console)


@pytest.mark.parametrize("variable", ["DAYBOOK_EXPORTS_FOLDER", "DAYBOOK_MONGODB_URI"])
def test_a_wipe_keeps_exported_files_of_a_given_folder_or_database(
    no_java: Path, exported: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    values = {"DAYBOOK_EXPORTS_FOLDER": str(exported.parent)} | GIVEN
    monkeypatch.setenv(variable, values[variable])
    servers_down(Console(quiet=True), wipe=True)
    assert exported.exists()


def test_given_servers_are_those_that_a_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAYBOOK_REDIS_URL", GIVEN["DAYBOOK_REDIS_URL"])
    assert given_servers() == {"redis": "rediss://live.example:6380/0"}


def test_without_java_the_command_ends_with_an_error(no_java: Path) -> None:
    with pytest.raises(DaybookError, match="Kafka needs Java 17"):
        servers_up(Console(quiet=True))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mongodb://u:p@ss@h:1,i:2/db?tls=true", "mongodb://h:1,i:2/db"),
        ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
        ("a.example:9092,b.example:9092", "a.example:9092,b.example:9092"),
    ],
)
def test_addresses_are_shown_without_secrets(address: str, shown: str) -> None:
    assert without_secrets(address) == shown
