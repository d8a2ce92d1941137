"""Notices by mail, over an encrypted connection or to an SMTP server on this machine."""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from io import BufferedReader
from typing import Any
from urllib.parse import unquote, urlsplit

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings
from daybook.query.exports.recipient import is_allowed
from daybook.service.outbound import Deadline, is_loopback

SECONDS = 10.0
"""For a whole mail, from the connection to the last reply."""

_REPLIES_BYTES_MAX = 2**18
_PORTS = {"smtp": 587, "smtps": 465}


class _Replies:
    """What the server sends, up to a limit: a reply may have any number of lines."""

    def __init__(self, source: BufferedReader) -> None:
        self._source = source
        self._left = _REPLIES_BYTES_MAX

    def readline(self, limit: int) -> bytes:
        line = self._source.readline(limit)
        self._left -= len(line)
        if self._left < 0:
            raise smtplib.SMTPServerDisconnected("the server's replies are too long")
        return line

    def close(self) -> None:
        self._source.close()


class _Server(smtplib.SMTP):
    """A connection that ends with its deadline, encrypted from its start if it has a context."""

    file: Any

    def __init__(
        self, deadline: Deadline, host: str, port: int, context: ssl.SSLContext | None
    ) -> None:
        self._deadline = deadline
        self._context = context
        super().__init__(host, port, timeout=SECONDS)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        own = self._deadline.connect((host, port))
        return self._context.wrap_socket(own, server_hostname=host) if self._context else own

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Replies(self.sock.makefile("rb"))
        return super().getreply()


class Mail:
    """Sends mail to the addresses of DAYBOOK_EXPORTS_MAIL_TO, and to the person who asked.

    The latter only in a domain of DAYBOOK_EXPORTS_MAIL_DOMAINS, whoever published the request.
    Raises WrongSetting.
    """

    way = "mail"

    def __init__(self, settings: Settings) -> None:
        assert settings.exports_smtp_url is not None
        try:
            parts = urlsplit(settings.exports_smtp_url.get_secret_value())
            self._port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise WrongSetting(
                "DAYBOOK_EXPORTS_SMTP_URL: must be smtps://host:465 or smtp://host:587"
            ) from None
        self._host = parts.hostname or ""
        self._is_encrypted = parts.scheme == "smtps"
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._from = settings.exports_mail_from or ""
        self._to = settings.exports_mail_to
        self._domains = settings.exports_mail_domains
        for name, value in (("FROM", self._from), ("TO", self._to or self._domains)):
            if not value:
                raise WrongSetting(f"DAYBOOK_EXPORTS_MAIL_{name}: is required to send mail")

    def send(self, notice: dict[str, Any], requester: str | None = None) -> None:
        # Two mails, because neither the operator nor the requester need know the other's address.
        recipients = [self._to] if self._to else []
        if requester is not None and is_allowed(requester, self._domains):
            recipients.append((requester,))
        if recipients:
            self._send_all([self._message(notice, to) for to in recipients])

    def _send_all(self, messages: Sequence[EmailMessage]) -> None:
        context = ssl.create_default_context()
        with (
            Deadline(SECONDS) as deadline,
            _Server(
                deadline, self._host, self._port, context if self._is_encrypted else None
            ) as server,
        ):
            if not self._is_encrypted and not is_loopback(self._host):
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
            for message in messages:
                server.send_message(message)

    def _message(self, notice: dict[str, Any], to: Sequence[str]) -> EmailMessage:
        report = f"{notice['report_type']}, {notice['date_from']} to {notice['date_to']}"
        message = EmailMessage()
        message["From"], message["To"] = self._from, ", ".join(to)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="daybook")
        if "reason" in notice:
            message["Subject"] = f"Export failed: {report}"
            message.set_content(f"Job {notice['job_id']} failed: {notice['reason']}.\n")
            return message
        message["Subject"] = f"Export ready: {report}"
        message.set_content(
            f"{notice['rows']:,} rows as {notice['format']}, {notice['bytes']:,} bytes.\n\n"
            f"{notice['download_url']}\n\nThe link is valid until {notice['expires_at']}. "
            "Anyone who has it can download the file.\n"
        )
        return message
