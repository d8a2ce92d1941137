"""The public keys of whoever signs tokens: a file, or an address that is asked now and then."""

import asyncio
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request

import structlog
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError
from pydantic_core import from_json

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.service.outbound import call, is_safe

FRESH_SECONDS = 600.0
AGAIN_SECONDS = 30.0
TIMEOUT_SECONDS = 3.0
_BYTES_MAX = 2**20
_log = structlog.get_logger()


class Jwks:
    """Keys for one algorithm, by their `kid`.

    They are read again every ten minutes, and sooner for a `kid` that is not among them, but not
    more often than every 30 s, whatever is asked for. What was read last stays good meanwhile.
    """

    def __init__(self, source: str, algorithm: str, clock: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._algorithm = algorithm
        self._clock = clock
        self._keys: dict[str | None, PyJWK] = {}
        self._read_at = -FRESH_SECONDS
        self._tried_at = -AGAIN_SECONDS
        self._reading = asyncio.Lock()
        self._is_file = urlsplit(source).scheme not in ("http", "https")
        if self._is_file:
            self._check_file()
        elif not is_safe(source):
            raise WrongSetting("DAYBOOK_JWT_JWKS: an address begins with https://")

    async def key(self, kid: str | None) -> PyJWK | None:
        """None when nobody has published such a key. Raises Unavailable before the first read."""
        now = self._clock()
        if kid not in self._keys or now - self._read_at > FRESH_SECONDS:
            async with self._reading:
                if self._clock() - self._tried_at > AGAIN_SECONDS:
                    await self._read()
        if not self._keys:
            raise Unavailable("the keys of tokens cannot be read at the moment")
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _read(self) -> None:
        self._tried_at = self._clock()
        try:
            self._keys = await asyncio.to_thread(self._load)
            self._read_at = self._clock()
        except (OSError, URLError, HTTPException, ValueError, PyJWTError) as error:
            _log.warning("the keys of tokens cannot be read", why=type(error).__name__)

    def _check_file(self) -> None:
        try:
            found = self._load()
        except (OSError, ValueError, PyJWTError) as error:
            raise WrongSetting(f"DAYBOOK_JWT_JWKS: {error}") from None
        if not found:
            raise WrongSetting(f"DAYBOOK_JWT_JWKS: no key for {self._algorithm} is in it")

    def _load(self) -> dict[str | None, PyJWK]:
        raw = Path(self._source).read_bytes() if self._is_file else _fetched(self._source)
        if len(raw) > _BYTES_MAX:
            raise ValueError("that is no set of keys: it is over 1 MiB")
        content = from_json(raw)
        if not isinstance(content, dict):
            raise ValueError("a set of keys is an object with `keys`")
        own = PyJWKSet.from_dict(content).keys
        return {key.key_id: key for key in own if self._is_own(key)}

    def _is_own(self, key: PyJWK) -> bool:
        """A key that is meant for something else verifies nothing here."""
        return key.public_key_use in (None, "sig") and key.algorithm_name == self._algorithm


def _fetched(address: str) -> bytes:
    request = Request(address, headers={"Accept": "application/json"})
    return call(request, TIMEOUT_SECONDS, _BYTES_MAX + 1)
