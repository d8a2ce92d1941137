"""The behaviour of every local server, tested with a minimal one."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybook.local import ports, space
from daybook.local.cache import Notify, silent
from daybook.local.errors import ServerError
from daybook.local.server import Server, State, start_all, stop_all

LISTEN = (
    "import signal, socket, sys; s = socket.socket(); "
    "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
    "s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); signal.pause()"
)


class Listener(Server):
    name = "listener"
    title = "Listener"
    variable = "DAYBOOK_LISTENER"
    start_seconds_max = 30.0
    space_mib = 1
    script = LISTEN

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def require(self) -> None:
        return

    def fetch(self, notify: Notify = silent) -> None:
        return

    def prepare(self, notify: Notify) -> None:
        self.data.mkdir(exist_ok=True)

    def command(self) -> list[str]:
        return [sys.executable, "-c", self.script, str(self.port)]

    def is_ready(self) -> bool:
        return True


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    server = Listener(tmp_path / "listener", *ports.free_ports(1))
    yield server
    server.wipe()


def test_a_second_start_finds_the_running_process(listener: Listener) -> None:
    assert listener.start() is State.STARTED
    pid = listener.pid
    assert Listener(listener.directory, listener.port).start() is State.RUNNING
    assert listener.pid == pid


def test_stop_returns_whether_the_server_ran(listener: Listener) -> None:
    listener.start()
    assert listener.stop()
    assert not listener.stop()
    assert ports.is_free(listener.port)


def test_a_killed_server_starts_again_on_its_port(listener: Listener) -> None:
    listener.start()
    listener.kill()
    assert listener.pid is None
    assert listener.start() is State.STARTED


def test_wipe_stops_the_server_and_removes_its_files(listener: Listener) -> None:
    listener.start()
    listener.wipe()
    assert listener.pid is None
    assert list(listener.directory.parent.iterdir()) == []


def test_the_error_for_a_taken_port_names_the_process_and_the_remedy(listener: Listener) -> None:
    holder = socket.create_server(("127.0.0.1", listener.port))
    with holder, pytest.raises(ServerError) as raised:
        listener.start()
    message = str(raised.value)
    assert message.startswith(f"Port {listener.port}, which Listener needs, is taken by ")
    assert "(pid " in message
    assert "DAYBOOK_LISTENER" in message
    assert not listener.directory.exists()


def test_no_server_starts_if_one_port_is_taken(listener: Listener, tmp_path: Path) -> None:
    other = Listener(tmp_path / "other", *ports.free_ports(1))
    with socket.create_server(("127.0.0.1", other.port)), pytest.raises(ServerError):
        start_all([listener, other])
    assert listener.pid is None


def test_servers_start_and_stop_in_parallel(listener: Listener, tmp_path: Path) -> None:
    other = Listener(tmp_path / "other", *ports.free_ports(1))
    reports: list[tuple[str, str]] = []
    try:
        states = start_all([listener, other], lambda name, line: reports.append((name, line)))
        assert states == [State.STARTED, State.STARTED]
        assert reports.count(("listener", "ready")) == 2
    finally:
        assert stop_all([listener, other]) == [True, True]


def test_the_error_of_a_failed_start_has_the_last_line_of_the_log(listener: Listener) -> None:
    listener.script = "raise SystemExit('no such thing as a lunch')"
    with pytest.raises(ServerError, match="exited during its start.*no such thing as a lunch"):
        listener.start()


def test_the_error_of_a_server_that_is_never_ready_names_its_log(listener: Listener) -> None:
    listener.script = "import signal; signal.pause()"
    listener.start_seconds_max = 0.2  # type: ignore[misc]
    with pytest.raises(ServerError, match=r"is not ready after 0 s: see .*listener\.log"):
        listener.start()


def test_the_log_of_the_previous_start_is_kept(listener: Listener) -> None:
    listener.start()
    listener.stop()
    listener.start()
    assert {path.name for path in listener.directory.iterdir()} == {
        "data",
        "pid",
        "listener.log",
        "listener.log.1",
    }


def test_free_ports_are_different() -> None:
    assert len(set(ports.free_ports(20))) == 20


def test_a_full_disk_is_an_error_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="Kafka needs .* MiB in .*: free some space"):
        space.require(tmp_path / "not" / "there", 2**40, "Kafka")
