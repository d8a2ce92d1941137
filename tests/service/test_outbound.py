"""A call ends when its time is over, however slowly and endlessly the server answers."""

import smtplib
import socket
import time
from collections.abc import Callable, Iterator
from threading import Thread
from urllib.request import Request

import pytest
from pydantic import SecretStr

from daybook.engine.settings import Settings
from daybook.exports.notices import mail
from daybook.exports.notices.mail import Mail
from daybook.service.outbound import Deadline, call

SECONDS = 0.4
DRIP_SECONDS = 0.02
DRIPS_MAX = 1_000
"""20 s of one byte at a time; a call that has ended by itself stops it long before."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"


class DrippingServer:
    """Sends `first` to each connection, then a byte at a time until the client has gone."""

    def __init__(self, first: bytes, drip: bytes = b"x") -> None:
        self.sent = 0
        self._first = first
        self._drip = drip
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._feed(connection)

    def _feed(self, connection: socket.socket) -> None:
        try:
            connection.sendall(self._first)
            while self.sent < DRIPS_MAX:
                connection.sendall(self._drip)
                self.sent += 1
                time.sleep(DRIP_SECONDS)
        except OSError:
            return  # the client has gone

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def dripping() -> Iterator[Callable[..., DrippingServer]]:
    servers: list[DrippingServer] = []

    def start(first: bytes, drip: bytes = b"x") -> DrippingServer:
        servers.append(DrippingServer(first, drip))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("first", [b"", HEAD[:20], HEAD[:-2] + b"A: ", HEAD])
def test_a_server_that_drips_its_answer_is_left(
    dripping: Callable[..., DrippingServer], first: bytes
) -> None:
    server = dripping(first)
    with pytest.raises(OSError):
        call(Request(f"http://127.0.0.1:{server.port}/"), SECONDS, 2**20)
    assert server.sent < DRIPS_MAX


def test_a_server_that_drips_its_handshake_is_left(
    dripping: Callable[..., DrippingServer],
) -> None:
    # The head of a TLS record of 16 KiB, so that the client waits for its end.
    server = dripping(b"\x16\x03\x03\x40\x00")
    with pytest.raises(OSError):
        call(Request(f"https://127.0.0.1:{server.port}/"), SECONDS, 2**20)
    assert server.sent < DRIPS_MAX


def test_no_connection_is_made_after_the_deadline(dripping: Callable[..., DrippingServer]) -> None:
    server = dripping(b"")
    with pytest.raises(TimeoutError), Deadline(0.01) as deadline:
        time.sleep(0.05)
        deadline.connect(("127.0.0.1", server.port))
    assert server.sent == 0


def test_only_so_many_bytes_of_an_answer_are_read(dripping: Callable[..., DrippingServer]) -> None:
    server = dripping(HEAD + b"y" * 100_000)
    assert call(Request(f"http://127.0.0.1:{server.port}/"), 30, 1_000) == b"y" * 1_000


def send(port: int) -> None:
    config = Settings(
        exports_smtp_url=SecretStr(f"smtp://127.0.0.1:{port}"),
        exports_mail_from="daybook@example.com",
        exports_mail_to=("anna@example.com",),
    )
    failed = {"report_type": "overview", "date_from": "", "date_to": "", "job_id": "", "reason": ""}
    Mail(config).send(failed)


@pytest.mark.parametrize("first", [b"", b"220 ready\r\n250-"])
def test_a_mail_server_that_drips_is_left(
    dripping: Callable[..., DrippingServer], first: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SECONDS", SECONDS)
    server = dripping(first)
    with pytest.raises((OSError, smtplib.SMTPException)):
        send(server.port)
    assert server.sent < DRIPS_MAX


def test_a_mail_server_that_never_ends_its_replies_is_left(
    dripping: Callable[..., DrippingServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "SECONDS", 30.0)
    server = dripping(b"220 ready\r\n", b"250-" + b"x" * 1_000 + b"\r\n")
    monkeypatch.setattr(f"{__name__}.DRIP_SECONDS", 0.0)
    with pytest.raises(smtplib.SMTPServerDisconnected, match="too long"):
        send(server.port)
    assert server.sent < DRIPS_MAX
