"""A notice by mail, over an encrypted connection or on this machine."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any
from urllib.parse import unquote, urlsplit

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings
from daybook.service.outbound import is_loopback

SECONDS = 10.0
_PORTS = {"smtp": 587, "smtps": 465}


class Mail:
    """To everybody that DAYBOOK_EXPORTS_MAIL_TO names. Raises WrongSetting."""

    way = "mail"

    def __init__(self, settings: Settings) -> None:
        assert settings.exports_smtp_url is not None
        parts = urlsplit(settings.exports_smtp_url.get_secret_value())
        try:
            self._port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError):
            raise WrongSetting(
                "DAYBOOK_EXPORTS_SMTP_URL: is smtps://host:465, or smtp://host:587"
            ) from None
        self._host = parts.hostname or ""
        self._is_encrypted = parts.scheme == "smtps"
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._from = settings.exports_mail_from or ""
        self._to = settings.exports_mail_to
        for name, value in (("FROM", self._from), ("TO", self._to)):
            if not value:
                raise WrongSetting(f"DAYBOOK_EXPORTS_MAIL_{name}: is needed to send mail")

    def send(self, told: dict[str, Any]) -> None:
        message = self._message(told)
        context = ssl.create_default_context()
        if self._is_encrypted:
            with smtplib.SMTP_SSL(self._host, self._port, timeout=SECONDS, context=context) as own:
                self._hand_over(own, message)
            return
        with smtplib.SMTP(self._host, self._port, timeout=SECONDS) as own:
            if not is_loopback(self._host):
                own.starttls(context=context)
            self._hand_over(own, message)

    def _hand_over(self, server: smtplib.SMTP, message: EmailMessage) -> None:
        if self._user:
            server.login(self._user, self._password)
        server.send_message(message)

    def _message(self, told: dict[str, Any]) -> EmailMessage:
        what = f"{told['report_type']}, {told['date_from']} to {told['date_to']}"
        message = EmailMessage()
        message["From"], message["To"] = self._from, ", ".join(self._to)
        message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain="daybook")
        if "reason" in told:
            message["Subject"] = f"Export failed: {what}"
            message.set_content(f"Job {told['job_id']} could not be made: {told['reason']}.\n")
            return message
        message["Subject"] = f"Export ready: {what}"
        message.set_content(
            f"{told['rows']:,} rows as {told['format']}, {told['bytes']:,} bytes.\n\n"
            f"{told['download_url']}\n\nThe link is good until {told['expires_at']}. "
            "Whoever has it can fetch the file.\n"
        )
        return message
