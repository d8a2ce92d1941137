"""The public keys that verify tokens (JWKS), from a file or from a URL that is read repeatedly."""

import asyncio
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from urllib.error import URLError
from urllib.request import Request

import structlog
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError
from pydantic_core import from_json

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.service.outbound import call, is_safe

FRESH_SECONDS = 600.0
RETRY_SECONDS = 30.0
TIMEOUT_SECONDS = 3.0
_BYTES_MAX = 2**20
_log = structlog.get_logger()


class Jwks:
    """Keys for one algorithm, by their `kid`.

    They are read again every ten minutes, and sooner for an unknown `kid`, but at most every 30 s.
    If reading fails, the keys read last remain in use.
    """

    def __init__(self, source: str, algorithm: str, clock: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._algorithm = algorithm
        self._clock = clock
        self._keys: dict[str | None, PyJWK] = {}
        self._read_at = -FRESH_SECONDS
        self._tried_at = -RETRY_SECONDS
        self._reading = asyncio.Lock()
        self._is_file = not source.lower().startswith(("http:", "https:"))
        if self._is_file:
            self._check_file()
        elif not is_safe(source):
            raise WrongSetting("DAYBOOK_JWT_JWKS: a URL must begin with https://")

    async def key(self, kid: str | None) -> PyJWK | None:
        """None if no such key is published. Raises Unavailable before the first successful read."""
        now = self._clock()
        if kid not in self._keys or now - self._read_at > FRESH_SECONDS:
            async with self._reading:
                if self._clock() - self._tried_at > RETRY_SECONDS:
                    await self._read()
        if not self._keys:
            raise Unavailable("the keys that verify tokens cannot be read at the moment")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _read(self) -> None:
        self._tried_at = self._clock()
        try:
            self._keys = await asyncio.to_thread(self._load)
            self._read_at = self._clock()
        except (OSError, URLError, HTTPException, ValueError, PyJWTError) as error:
            _log.warning("cannot read the keys that verify tokens", why=type(error).__name__)

    def _check_file(self) -> None:
        try:
            keys = self._load()
        except (OSError, ValueError, PyJWTError):
            # Not the message, which names the path.
            raise WrongSetting("DAYBOOK_JWT_JWKS: is not a readable JWKS file") from None
        if not keys:
            raise WrongSetting(f"DAYBOOK_JWT_JWKS: contains no key for {self._algorithm}")

    def _load(self) -> dict[str | None, PyJWK]:
        raw = Path(self._source).read_bytes() if self._is_file else _fetch(self._source)
        if len(raw) > _BYTES_MAX:
            raise ValueError("a key set larger than 1 MiB is not read")
        content = from_json(raw)
        if not isinstance(content, dict):
            raise ValueError("a key set must be a JSON object with `keys`")
        keys = PyJWKSet.from_dict(content).keys
        return {key.key_id: key for key in keys if self._is_usable(key)}

    def _is_usable(self, key: PyJWK) -> bool:
        """Whether it is for signatures of this algorithm: no other key may verify a token."""
        return key.public_key_use in (None, "sig") and key.algorithm_name == self._algorithm


def _fetch(url: str) -> bytes:
    request = Request(url, headers={"Accept": "application/json"})
    return call(request, TIMEOUT_SECONDS, _BYTES_MAX + 1)
