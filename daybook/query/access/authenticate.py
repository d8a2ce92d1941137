"""Who is let in: by a token or a key, and not more often than the limit says."""

from math import ceil

import structlog
from fastapi import Request

from daybook.engine.errors import Unavailable
from daybook.engine.settings import Settings
from daybook.query import metrics
from daybook.query.access.jwt import Tokens
from daybook.query.caller import Caller
from daybook.query.problem import Problem, unauthorized, unavailable
from daybook.query.read.mongo import Reader
from daybook.service import api_keys
from daybook.service.api_keys import Key
from daybook.service.key_cache import KeyCache
from daybook.service.rate_limit import Rate

KEY_HEADER = "x-daybook-key"
EVERYBODY = Caller("everybody", "admin", None)
_log = structlog.get_logger()


class Authenticator:
    """Raises WrongSetting."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._is_open = settings.auth == "off"
        self._reader = reader
        self._tokens = Tokens(settings) if settings.jwt_algorithm else None
        self._keys = KeyCache(self._find, ("read",), metrics.STALE_KEYS.inc)
        self._rate = Rate(settings, "query", settings.query_rate, settings.query_burst)
        if self._is_open:
            _log.warning("DAYBOOK_AUTH is off: everybody on this machine reads everything")

    async def authenticate(self, request: Request) -> Caller:
        """The caller. Raises Problem: 401, 429, and 503 when nobody can tell."""
        caller = EVERYBODY if self._is_open else await self._known(request)
        taken = await self._rate.take(caller.id, 1)
        if taken.wait_ms:
            headers = {"Retry-After": str(ceil(taken.wait_ms / 1_000))}
            raise Problem(429, "too many calls", headers)
        if not taken.is_known:
            metrics.UNLIMITED.inc()
        return caller

    async def still_knows(self, request: Request) -> bool:
        """False once his key is revoked or his token has ended. True while nobody can tell."""
        try:
            return self._is_open or await self._known(request) is not None
        except Problem as problem:
            return problem.status == 503

    async def close(self) -> None:
        await self._rate.close()

    async def _known(self, request: Request) -> Caller:
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        shown = shown.strip() if scheme.lower() == "bearer" else ""
        shown = shown or request.headers.get(KEY_HEADER, "")
        if not shown:
            raise unauthorized("a token or a key is needed")
        try:
            if api_keys.looks_like(shown) is None and self._tokens is not None:
                return await self._tokens.caller(shown)
            key = await self._keys.get(shown)
        except Unavailable:
            raise unavailable("callers cannot be told apart at the moment") from None
        if key is None:
            raise unauthorized("no such key for reading")
        return _caller(key)

    async def _find(self, text: str) -> Key | None:
        kept = await self._reader.find_one(api_keys.COLLECTION, api_keys.in_force(text))
        return api_keys.key_of(kept) if kept else None


def _caller(key: Key) -> Caller:
    role = key.role or "analyst"
    organization = None if role == "admin" else key.organization_id
    return Caller(f"key:{key.id}", role, organization, key.subject)
