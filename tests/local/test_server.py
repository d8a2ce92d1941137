"""What every local server does, shown with a server of three lines."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daybook.local import ports, space
from daybook.local.cache import Say, silent
from daybook.local.errors import ServerError
from daybook.local.server import Server, State, start_all, stop_all

LISTEN = (
    "import socket, sys, time; s = socket.socket(); "
    "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
    "s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); time.sleep(300)"
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

    def fetch(self, say: Say = silent) -> None:
        return

    def prepare(self, say: Say) -> None:
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


def test_start_twice_is_one_process(listener: Listener) -> None:
    assert listener.start() is State.STARTED
    pid = listener.pid
    assert Listener(listener.directory, listener.port).start() is State.RUNNING
    assert listener.pid == pid


def test_stop_says_whether_it_ran(listener: Listener) -> None:
    listener.start()
    assert listener.stop()
    assert not listener.stop()
    assert ports.is_free(listener.port)


def test_killed_server_starts_again_on_its_port(listener: Listener) -> None:
    listener.start()
    listener.kill()
    assert listener.pid is None
    assert listener.start() is State.STARTED


def test_wipe_ends_it_and_leaves_nothing(listener: Listener) -> None:
    listener.start()
    listener.wipe()
    assert listener.pid is None
    assert list(listener.directory.parent.iterdir()) == []


def test_taken_port_names_who_holds_it_and_what_to_do(listener: Listener) -> None:
    held = socket.create_server(("127.0.0.1", listener.port))
    with held, pytest.raises(ServerError) as raised:
        listener.start()
    sentence = str(raised.value)
    assert sentence.startswith(f"Port {listener.port}, which Listener needs, is taken by ")
    assert "(pid " in sentence
    assert "DAYBOOK_LISTENER" in sentence
    assert not listener.directory.exists()


def test_nothing_starts_when_one_port_is_taken(listener: Listener, tmp_path: Path) -> None:
    other = Listener(tmp_path / "other", *ports.free_ports(1))
    with socket.create_server(("127.0.0.1", other.port)), pytest.raises(ServerError):
        start_all([listener, other])
    assert listener.pid is None


def test_servers_start_and_stop_beside_each_other(listener: Listener, tmp_path: Path) -> None:
    other = Listener(tmp_path / "other", *ports.free_ports(1))
    heard: list[tuple[str, str]] = []
    try:
        states = start_all([listener, other], lambda name, line: heard.append((name, line)))
        assert states == [State.STARTED, State.STARTED]
        assert heard.count(("listener", "ready")) == 2
    finally:
        assert stop_all([listener, other]) == [True, True]


def test_server_that_ends_while_starting_tells_its_last_words(listener: Listener) -> None:
    listener.script = "raise SystemExit('no such thing as a lunch')"
    with pytest.raises(ServerError, match="ended while it was starting.*no such thing as a lunch"):
        listener.start()


def test_server_that_is_never_ready_names_its_log(listener: Listener) -> None:
    listener.script = "import time; time.sleep(300)"
    listener.start_seconds_max = 0.2  # type: ignore[misc]
    with pytest.raises(ServerError, match=r"is not ready after 0 s: look into .*listener\.log"):
        listener.start()


def test_log_of_the_start_before_is_kept(listener: Listener) -> None:
    listener.start()
    listener.stop()
    listener.start()
    assert {path.name for path in listener.directory.iterdir()} == {
        "data",
        "pid",
        "listener.log",
        "listener.log.1",
    }


def test_free_ports_differ() -> None:
    assert len(set(ports.free_ports(20))) == 20


def test_full_disk_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="Kafka needs .* MiB in .*: make room"):
        space.require(tmp_path / "not" / "there", 2**40, "Kafka")
