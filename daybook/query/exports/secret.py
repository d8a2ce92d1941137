"""Signs job ids, links, pseudonyms and marks, each with a key of its own from one secret."""

import hashlib
import hmac
from typing import Literal

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings

SECRET_BYTES_MIN = 32

Use = Literal["idempotency", "job", "link", "pseudonym"]


class Secret:
    """Raises WrongSetting for one that is too short."""

    def __init__(self, settings: Settings) -> None:
        setting = settings.exports_secret
        secret = setting.get_secret_value().encode() if setting else b""
        if len(secret) < SECRET_BYTES_MIN:
            raise WrongSetting(
                f"DAYBOOK_EXPORTS_SECRET: requires at least {SECRET_BYTES_MIN} bytes"
            )
        self._secret = secret

    def sign(self, use: Use, *parts: str) -> bytes:
        """An HMAC of 32 bytes; text moved from one part to the next changes it."""
        key = hmac.digest(self._secret, use.encode(), hashlib.sha256)
        return hmac.digest(key, repr(parts).encode(), hashlib.sha256)
