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
_UNREADABLE = (
    OSError, URLError, HTTPException, ValueError, PyJWTError, TypeError, AttributeError, KeyError,
)  # fmt: skip
"""The last three: the library expects the members of a key set to be of the right types."""

_log = structlog.get_logger()


class Jwks:
    """Keys for one algorithm, by their `kid`.

    They are read again every ten minutes, and sooner for an unknown `kid`, but at most every 30 s.
    Until they are read, and if that fails, the keys read last are used: who has a token with a
    known key never waits for the server of the keys.
    """

    def __init__(self, source: str, algorithm: str, clock: Callable[[], float] = monotonic) -> None:
        self._source = source
        self._algorithm = algorithm
        self._clock = clock
        self._keys: dict[str | None, PyJWK] = {}
        self._read_at = -FRESH_SECONDS
        self._tried_at = -RETRY_SECONDS
        self._reading = asyncio.Lock()
        self._refreshing: asyncio.Task[None] | None = None
        self._is_file = not source.lower().startswith(("http:", "https:"))
        if self._is_file:
            self._check_file()
        elif not is_safe(source):
            raise WrongSetting("DAYBOOK_JWT_JWKS: a URL must begin with https://")

    async def key(self, kid: str | None) -> PyJWK | None:
        """None if no such key is published. Raises Unavailable before the first successful read."""
        if self._known(kid) is None:
            await self._read_if_due()
        elif self._clock() - self._read_at > FRESH_SECONDS and self._refreshing is None:
            self._refreshing = asyncio.create_task(self._read_if_due())
            self._refreshing.add_done_callback(self._refreshed)
        if not self._keys:
            raise Unavailable("the keys that verify tokens cannot be read at the moment")
        return self._known(kid)

    def _known(self, kid: str | None) -> PyJWK | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _refreshed(self, _: asyncio.Task[None]) -> None:
        self._refreshing = None

    async def _read_if_due(self) -> None:
        async with self._reading:
            if self._clock() - self._tried_at > RETRY_SECONDS:
                await self._read()

    async def _read(self) -> None:
        self._tried_at = self._clock()
        try:
            self._keys = await asyncio.to_thread(self._load)
            self._read_at = self._clock()
        except _UNREADABLE as error:
            _log.warning("cannot read the keys that verify tokens", why=type(error).__name__)

    def _check_file(self) -> None:
        try:
            keys = self._load()
        except _UNREADABLE:
            # Not the message, which names the path.
            raise WrongSetting("DAYBOOK_JWT_JWKS: is not a readable JWKS file") from None
        if not keys:
            raise WrongSetting(f"DAYBOOK_JWT_JWKS: contains no key for {self._algorithm}")

    def _load(self) -> dict[str | None, PyJWK]:
        raw = _read_file(self._source) if self._is_file else _fetch(self._source)
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


def _read_file(path: str) -> bytes:
    with Path(path).open("rb") as source:
        return source.read(_BYTES_MAX + 1)


def _fetch(url: str) -> bytes:
    request = Request(url, headers={"Accept": "application/json"})
    return call(request, TIMEOUT_SECONDS, _BYTES_MAX + 1)
