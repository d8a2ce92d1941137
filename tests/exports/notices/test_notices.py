"""Who is told that a file is ready, and how: over real HTTP and real SMTP."""

import hashlib
import hmac
import json
import smtplib
import ssl
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from trustme import CA

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings
from daybook.exports.notices.mail import Mail
from daybook.exports.notices.webhook import Webhook
from daybook.local.ports import free_ports
from tests.exports.webhook_receiver import Hook

KEY = "a secret of more than thirty-two bytes, for notices"
TOLD = {
    "event": "export.completed",
    "organization_id": "acme",
    "job_id": "j-1",
    "report_type": "overview",
    "format": "csv",
    "date_from": "2026-11-01",
    "date_to": "2026-11-19",
    "rows": 1_234,
    "bytes": 5_678,
    "expires_at": "2026-11-21T10:00:02.456Z",
    "download_url": "https://daybook.example/api/v1/analytics/export/j-1/download?signature=x",
}
FAILED = {name: TOLD[name] for name in list(TOLD)[:7]} | {"reason": "there is no such funnel"}


def webhook(address: str, pauses: list[float]) -> Webhook:
    own = Settings(exports_webhook_url=address, exports_webhook_secret=SecretStr(KEY))
    return Webhook(own, lambda: 1_795_168_802.9, pauses.append)


def test_a_webhook_is_told_once_with_a_signature_over_time_and_body() -> None:
    pauses: list[float] = []
    with Hook(204) as hook:
        webhook(hook.origin, pauses).send(dict(TOLD))
    [(headers, body)] = hook.calls
    assert json.loads(body) == TOLD
    expected = hmac.new(KEY.encode(), b"1795168802." + body, hashlib.sha256).hexdigest()
    assert headers["Daybook-Signature"] == f"t=1795168802,v1={expected}"
    assert headers["Content-Type"] == "application/json"
    assert pauses == []


def test_a_webhook_that_fails_is_tried_thrice_and_no_more() -> None:
    pauses: list[float] = []
    with Hook(500, 503, 200) as hook:
        webhook(hook.origin, pauses).send(dict(TOLD))
        assert (len(hook.calls), pauses) == (3, [1.0, 2.0])
    with Hook(500) as broken:
        with pytest.raises(OSError, match="500"):
            webhook(broken.origin, []).send(dict(TOLD))
        assert len(broken.calls) == 3


def test_a_webhook_is_not_led_elsewhere() -> None:
    with Hook(302) as hook:
        with pytest.raises(OSError, match="302"):
            webhook(hook.origin, []).send(dict(TOLD))
        assert {headers["Host"] for headers, _ in hook.calls} == {hook.origin[7:]}
        assert len(hook.calls) == 3


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "http://10.0.0.1",
    ],
)
def test_a_webhook_is_encrypted_or_on_this_machine(address: str) -> None:
    with pytest.raises(WrongSetting, match="DAYBOOK_EXPORTS_WEBHOOK_URL"):
        webhook(address, [])


class Post:
    """A real SMTP server, which keeps what it is sent; `controller` says how it encrypts."""

    def __init__(self, **controller: Any) -> None:
        self.sent: list[Envelope] = []
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_ports(1)[0], **controller
        )

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.sent.append(envelope)
        return "250 OK"

    def __enter__(self) -> int:
        self._controller.start()
        return int(self._controller.port)

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def mail(port: int, scheme: str = "smtp") -> Mail:
    own = Settings(
        exports_smtp_url=SecretStr(f"{scheme}://127.0.0.1:{port}"),
        exports_mail_from="daybook@example.com",
        exports_mail_to=("anna@example.com", "ben@example.com"),
    )
    return Mail(own)


@pytest.fixture
def post() -> Iterator[tuple[Post, int]]:
    own = Post()
    with own as port:
        yield own, port


def text_of(envelope: Envelope) -> str:
    """Head and body, unpacked."""
    content = envelope.content
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=policy.default)
    return f"Subject: {message['Subject']}\n{message.get_content()}"


def test_a_mail_goes_to_those_that_the_setting_names(post: tuple[Post, int]) -> None:
    server, port = post
    mail(port).send(dict(TOLD))
    [envelope] = server.sent
    assert envelope.rcpt_tos == ["anna@example.com", "ben@example.com"]
    text = text_of(envelope)
    assert "Subject: Export ready: overview, 2026-11-01 to 2026-11-19" in text
    assert str(TOLD["download_url"]) in text
    assert "1,234 rows as csv" in text


def test_a_mail_says_why_a_file_could_not_be_made(post: tuple[Post, int]) -> None:
    server, port = post
    mail(port).send(dict(FAILED))
    text = text_of(server.sent[0])
    assert "Subject: Export failed: overview" in text
    assert "there is no such funnel" in text


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine counts as another one."""
    monkeypatch.setattr("daybook.exports.notices.mail.is_loopback", lambda host: False)


@pytest.mark.usefixtures("elsewhere")
def test_a_server_beyond_this_machine_must_encrypt() -> None:
    server = Post()
    with server as port, pytest.raises(smtplib.SMTPException):
        mail(port).send(dict(TOLD))
    assert server.sent == []


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_goes_encrypted_to_a_server_whose_certificate_is_good(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By STARTTLS, or from the first byte on."""
    authority, own = CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(own)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    starttls = {"tls_context": own, "require_starttls": True}
    server = Post(**(starttls if scheme == "smtp" else {"ssl_context": own}))
    with server as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            mail(port, scheme).send(dict(TOLD))
        assert server.sent == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        mail(port, scheme).send(dict(TOLD))
    assert str(TOLD["download_url"]) in text_of(server.sent[0])


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("ftp://host", "a@example.com", "SMTP_URL"),
        ("smtp://host:x", "a@example.com", "SMTP_URL"),
        ("smtps://host", None, "MAIL_FROM"),
        ("smtps://host", "a@example.com", "MAIL_TO"),
    ],
)
def test_mail_settings_that_cannot_be_used_are_named(
    url: str, sender: str | None, named: str
) -> None:
    own = Settings(exports_smtp_url=SecretStr(url), exports_mail_from=sender)
    with pytest.raises(WrongSetting, match=f"DAYBOOK_EXPORTS_{named}"):
        Mail(own)
