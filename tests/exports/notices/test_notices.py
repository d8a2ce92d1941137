"""Notices by webhook and by mail, with real HTTP and SMTP servers."""

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
from tests.exports.webhook_receiver import WebhookReceiver

KEY = "a secret of more than thirty-two bytes, for notices"
COMPLETED = {
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
FAILED = {name: COMPLETED[name] for name in list(COMPLETED)[:7]} | {
    "reason": "there is no such funnel"
}


def webhook(address: str, pauses: list[float]) -> Webhook:
    config = Settings(exports_webhook_url=address, exports_webhook_secret=SecretStr(KEY))
    return Webhook(config, lambda: 1_795_168_802.9, pauses.append)


def test_a_webhook_is_called_once_with_a_signature_of_time_and_body() -> None:
    pauses: list[float] = []
    with WebhookReceiver(204) as hook:
        webhook(hook.origin, pauses).send(dict(COMPLETED))
    [(headers, body)] = hook.calls
    assert json.loads(body) == COMPLETED
    expected = hmac.new(KEY.encode(), b"1795168802." + body, hashlib.sha256).hexdigest()
    assert headers["Daybook-Signature"] == f"t=1795168802,v1={expected}"
    assert headers["Content-Type"] == "application/json"
    assert pauses == []


def test_a_failing_webhook_is_called_at_most_three_times() -> None:
    pauses: list[float] = []
    with WebhookReceiver(500, 503, 200) as hook:
        webhook(hook.origin, pauses).send(dict(COMPLETED))
        assert (len(hook.calls), pauses) == (3, [1.0, 2.0])
    with WebhookReceiver(500) as broken:
        with pytest.raises(OSError, match="500"):
            webhook(broken.origin, []).send(dict(COMPLETED))
        assert len(broken.calls) == 3


def test_a_redirect_is_not_followed() -> None:
    with WebhookReceiver(302) as hook:
        with pytest.raises(OSError, match="302"):
            webhook(hook.origin, []).send(dict(COMPLETED))
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
def test_a_webhook_must_be_https_or_loopback(address: str) -> None:
    with pytest.raises(WrongSetting, match="DAYBOOK_EXPORTS_WEBHOOK_URL"):
        webhook(address, [])


class MailServer:
    """An SMTP server that stores the mails it receives; `controller` configures encryption."""

    def __init__(self, **controller: Any) -> None:
        self.received: list[Envelope] = []
        self._controller = Controller(
            self, hostname="127.0.0.1", port=free_ports(1)[0], **controller
        )

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.received.append(envelope)
        return "250 OK"

    def __enter__(self) -> int:
        self._controller.start()
        return int(self._controller.port)

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


OPERATORS = ("anna@example.com", "ben@example.com")


def mail(
    port: int, scheme: str = "smtp", to: tuple[str, ...] = OPERATORS, domains: tuple[str, ...] = ()
) -> Mail:
    config = Settings(
        exports_smtp_url=SecretStr(f"{scheme}://127.0.0.1:{port}"),
        exports_mail_from="daybook@example.com",
        exports_mail_to=to,
        exports_mail_domains=domains,
    )
    return Mail(config)


@pytest.fixture
def mail_server() -> Iterator[tuple[MailServer, int]]:
    server = MailServer()
    with server as port:
        yield server, port


def text_of(envelope: Envelope) -> str:
    """The decoded subject and body."""
    content = envelope.content
    assert isinstance(content, bytes)
    message = message_from_bytes(content, policy=policy.default)
    return f"Subject: {message['Subject']}\n{message.get_content()}"


def test_a_mail_goes_to_all_configured_recipients(mail_server: tuple[MailServer, int]) -> None:
    server, port = mail_server
    mail(port).send(dict(COMPLETED))
    [envelope] = server.received
    assert envelope.rcpt_tos == ["anna@example.com", "ben@example.com"]
    text = text_of(envelope)
    assert "Subject: Export ready: overview, 2026-11-01 to 2026-11-19" in text
    assert str(COMPLETED["download_url"]) in text
    assert "1,234 rows as csv" in text


@pytest.mark.parametrize(
    ("requester", "domains", "is_sent"),
    [
        ("carl@acme.example", ("acme.example",), True),
        ("carl@ACME.example", ("Acme.Example",), True),
        ("carl@acme.example", (), False),
        ("carl@acme.example", ("other.example",), False),
        ("carl@sub.acme.example", ("acme.example",), False),
        ("carl@evilacme.example", ("acme.example",), False),
        (None, ("acme.example",), False),
    ],
)
def test_the_requester_has_a_mail_of_their_own_in_an_allowed_domain(
    mail_server: tuple[MailServer, int],
    requester: str | None,
    domains: tuple[str, ...],
    is_sent: bool,
) -> None:
    server, port = mail_server
    mail(port, domains=domains).send(dict(COMPLETED), requester)
    own = [[requester]] if is_sent else []
    assert [envelope.rcpt_tos for envelope in server.received] == [list(OPERATORS), *own]
    for envelope in server.received:
        assert str(COMPLETED["download_url"]) in text_of(envelope)


def test_without_operators_only_the_requester_has_a_mail(
    mail_server: tuple[MailServer, int],
) -> None:
    server, port = mail_server
    alone = mail(port, to=(), domains=("acme.example",))
    alone.send(dict(COMPLETED), None)
    alone.send(dict(COMPLETED), "carl@acme.example")
    assert [envelope.rcpt_tos for envelope in server.received] == [["carl@acme.example"]]


def test_a_mail_has_the_reason_of_a_failure(mail_server: tuple[MailServer, int]) -> None:
    server, port = mail_server
    mail(port).send(dict(FAILED))
    text = text_of(server.received[0])
    assert "Subject: Export failed: overview" in text
    assert "there is no such funnel" in text


@pytest.fixture
def not_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mail server on this machine is treated as a remote one."""
    monkeypatch.setattr("daybook.exports.notices.mail.is_loopback", lambda host: False)


@pytest.mark.usefixtures("not_loopback")
def test_a_remote_server_must_support_encryption() -> None:
    server = MailServer()
    with server as port, pytest.raises(smtplib.SMTPException):
        mail(port).send(dict(COMPLETED))
    assert server.received == []


@pytest.mark.usefixtures("not_loopback")
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_mail_is_sent_encrypted_to_a_server_with_a_valid_certificate(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By STARTTLS (smtp), or by TLS from the start (smtps)."""
    authority, context = CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    starttls = {"tls_context": context, "require_starttls": True}
    server = MailServer(**(starttls if scheme == "smtp" else {"ssl_context": context}))
    with server as port:
        with pytest.raises(ssl.SSLCertVerificationError):
            mail(port, scheme).send(dict(COMPLETED))
        assert server.received == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        mail(port, scheme).send(dict(COMPLETED))
    assert str(COMPLETED["download_url"]) in text_of(server.received[0])


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("ftp://host", "a@example.com", "SMTP_URL"),
        ("smtp://host:x", "a@example.com", "SMTP_URL"),
        ("smtps://host", None, "MAIL_FROM"),
        ("smtps://host", "a@example.com", "MAIL_TO"),
    ],
)
def test_the_error_names_a_wrong_mail_setting(url: str, sender: str | None, named: str) -> None:
    config = Settings(exports_smtp_url=SecretStr(url), exports_mail_from=sender)
    with pytest.raises(WrongSetting, match=f"DAYBOOK_EXPORTS_{named}"):
        Mail(config)
