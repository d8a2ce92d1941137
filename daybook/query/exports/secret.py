"""The secret that job ids, links and pseudonyms are made with: one key for each of them."""

import hashlib
import hmac
from typing import Literal

from daybook.engine.errors import WrongSetting
from daybook.engine.settings import Settings

SECRET_BYTES_MIN = 32

Use = Literal["job", "link", "pseudonym"]


class Secret:
    """Raises WrongSetting for one that is too short."""

    def __init__(self, settings: Settings) -> None:
        shown = settings.exports_secret
        found = shown.get_secret_value().encode() if shown else b""
        if len(found) < SECRET_BYTES_MIN:
            raise WrongSetting(f"DAYBOOK_EXPORTS_SECRET: needs {SECRET_BYTES_MIN} bytes at least")
        self._secret = found

    def sign(self, use: Use, *parts: str) -> bytes:
        """32 bytes over these parts, which cannot be moved from one to another."""
        key = hmac.digest(self._secret, use.encode(), hashlib.sha256)
        return hmac.digest(key, repr(parts).encode(), hashlib.sha256)
