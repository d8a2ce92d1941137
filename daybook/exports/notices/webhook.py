"""Notices by HTTP: signed, with a time limit and three attempts, only to the configured URL."""

import hashlib
import hmac
import time
from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.request import Request

from pydantic_core import to_json

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings
from daybook.query.exports.secret import SECRET_BYTES_MIN
from daybook.service.outbound import call, is_safe

TRIES = 3
SECONDS = 5.0
SECONDS_MAX = 10.0
"""For all attempts and the pauses between them: the worker's next file waits meanwhile."""

_PAUSE_SECONDS = 1.0
_BYTES_MAX = 4_096


class Webhook:
    """`Daybook-Signature: t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256 over `<t>.<body>`.

    Raises WrongSetting.
    """

    way = "webhook"

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._address = settings.exports_webhook_url or ""
        secret = settings.exports_webhook_secret
        self._secret = secret.get_secret_value().encode() if secret else b""
        self._clock = clock
        self._pause = pause
        if not is_safe(self._address):
            raise WrongSetting(
                "DAYBOOK_EXPORTS_WEBHOOK_URL: must begin with https://, or be a loopback address"
            )
        if len(self._secret) < SECRET_BYTES_MIN:
            raise WrongSetting(
                f"DAYBOOK_EXPORTS_WEBHOOK_SECRET: needs at least {SECRET_BYTES_MIN} bytes"
            )

    def send(self, notice: dict[str, Any], requester: str | None = None) -> None:
        body, until = to_json(notice), time.monotonic() + SECONDS_MAX
        for left in reversed(range(TRIES)):
            try:
                call(self._request(body), min(SECONDS, until - time.monotonic()), _BYTES_MAX)
                return
            except (OSError, HTTPException):
                pause = _PAUSE_SECONDS * (TRIES - left)
                if not left or time.monotonic() + pause >= until:
                    raise
                self._pause(pause)

    def _request(self, body: bytes) -> Request:
        at = str(int(self._clock()))
        signature = hmac.new(self._secret, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "Daybook-Signature": f"t={at},v1={signature}",
            "User-Agent": "daybook",
        }
        return Request(self._address, body, headers, method="POST")
