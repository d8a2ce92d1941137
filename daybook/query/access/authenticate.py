"""Authenticates callers by token or API key, and applies the rate limit."""

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
from daybook.service.address import address_finder, caller_part
from daybook.service.api_keys import Key
from daybook.service.key_cache import KeyCache, TooManyUnknown
from daybook.service.rate_limit import RateLimiter

KEY_HEADER = "x-daybook-key"
EVERYBODY = Caller("everybody", "admin", None)
_log = structlog.get_logger()


class Authenticator:
    """Accepts tokens, if configured, and keys of kind `read`. Raises WrongSetting."""

    def __init__(self, settings: Settings, reader: Reader) -> None:
        self._is_open = settings.auth == "off"
        self._reader = reader
        self._tokens = Tokens(settings) if settings.jwt_algorithm else None
        self._find_address = address_finder(settings.trusted_proxies)
        self._keys = KeyCache(self._find, ("read",), metrics.STALE_KEYS.inc)
        self._rate = RateLimiter(settings, "query", settings.query_rate, settings.query_burst)
        if self._is_open:
            _log.warning("DAYBOOK_AUTH is off: anyone on this machine can read all reports")

    async def authenticate(self, request: Request) -> Caller:
        """The caller. Raises Problem: 401, 429, or 503 when the key or token cannot be checked."""
        caller = EVERYBODY if self._is_open else await self._caller(request)
        decision = await self._rate.take(caller.id, 1)
        if decision.wait_ms:
            headers = {"Retry-After": str(ceil(decision.wait_ms / 1_000))}
            raise Problem(429, "too many requests", headers)
        if not decision.is_known:
            metrics.UNLIMITED.inc()
        return caller

    async def is_still_valid(self, request: Request) -> bool:
        """False once the key is revoked or the token expired. True while that cannot be checked."""
        try:
            return self._is_open or await self._caller(request) is not None
        except Problem as problem:
            return problem.status in (429, 503)

    async def close(self) -> None:
        await self._rate.close()

    async def _caller(self, request: Request) -> Caller:
        scheme, _, credential = request.headers.get("authorization", "").partition(" ")
        credential = credential.strip() if scheme.lower() == "bearer" else ""
        credential = credential or request.headers.get(KEY_HEADER, "")
        if not credential:
            raise unauthorized("a token or API key is required")
        try:
            if api_keys.kind_by_format(credential) is None and self._tokens is not None:
                return await self._tokens.caller(credential)
            key = await self._keys.get(credential, self._address(request))
        except Unavailable:
            raise unavailable("keys and tokens cannot be checked at the moment") from None
        except TooManyUnknown as limited:
            headers = {"Retry-After": str(ceil(limited.wait_seconds))}
            raise Problem(429, "too many unknown keys from this address", headers) from None
        if key is None:
            raise unauthorized("no such key for reading")
        return _caller_of_key(key)

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        address = self._find_address(peer, request.headers.getlist("x-forwarded-for"))
        return caller_part(address).hex() if address else "unknown"

    async def _find(self, text: str) -> Key | None:
        document = await self._reader.find_one(
            api_keys.COLLECTION, api_keys.active_key_filter(text)
        )
        return api_keys.key_from_document(document) if document else None


def _caller_of_key(key: Key) -> Caller:
    role = key.role or "analyst"
    organization = None if role == "admin" else key.organization_id
    return Caller(f"key:{key.id}", role, organization, key.subject)
