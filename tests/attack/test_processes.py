"""A process that has ended, and a connection that is left open, are found."""

from collections.abc import Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from attack.process import DaybookProcess, NotStarted, daybook
from attack.slow import drip


def test_a_process_that_ends_is_named_with_its_last_line(tmp_path: Path) -> None:
    process = DaybookProcess("revenue", "member", ("--version",), "member started", {}, tmp_path)
    with pytest.raises(NotStarted, match="revenue did not start: daybook 0"):
        process.wait_until_started()
    assert not process.is_alive()
    assert str(process.end_reason()).startswith("revenue ended with 0: daybook 0")
    assert process.rss_mib() == 0.0


def test_a_command_that_takes_too_long_has_an_exit_code_of_its_own() -> None:
    assert daybook(("--version",), {}, 0.01).returncode == 124


class Greeter(BaseRequestHandler):
    """Closes each connection whose first byte is x, and no other until its client does."""

    def handle(self) -> None:
        if self.request.recv(1) != b"x":
            while self.request.recv(1_000):
                pass


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingTCPServer(("127.0.0.1", 0), Greeter) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_connections_that_the_server_closes_are_not_left_open(port: int) -> None:
    sources = ["127.0.0.1", "127.0.0.2"]
    closed = drip(port, sources, b"x", b"y", 0.5, 0.1)
    assert (closed.opened, closed.left) == (2, 0)
    kept = drip(port, sources, b"y", b"y", 0.3, 0.1)
    assert (kept.opened, kept.left) == (2, 2)
