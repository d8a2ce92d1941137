"""Verifies bearer tokens (JWT) of one algorithm, issuer and audience."""

import hashlib
from typing import Any

import jwt
from jwt.exceptions import InvalidTokenError
from pydantic import TypeAdapter, ValidationError

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.settings import Settings
from daybook.query.access.jwks import Jwks
from daybook.query.caller import Caller
from daybook.query.exports.recipient import as_email
from daybook.query.problem import unauthorized
from daybook.service.api_keys import ROLES
from schemas.fields import Id

SECRET_BYTES_MIN = 32
LEEWAY_SECONDS = 10
_CHARS_MAX = 8_192
_REQUIRED = ["exp", "iss", "aud"]
_ID: TypeAdapter[str] = TypeAdapter(Id)


class Tokens:
    """Raises WrongSetting, naming the variable, if the settings are incomplete or inconsistent."""

    def __init__(self, settings: Settings) -> None:
        assert settings.jwt_algorithm is not None
        self._algorithm: str = settings.jwt_algorithm
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        for name, value in (("ISSUER", self._issuer), ("AUDIENCE", self._audience)):
            if not value:
                raise WrongSetting(f"DAYBOOK_JWT_{name}: required to accept tokens")
        self._secret, self._jwks = None, None
        if self._algorithm == "HS256":
            self._secret = _secret(settings)
        else:
            self._jwks = _jwks(settings, self._algorithm)

    async def caller(self, token: str) -> Caller:
        """The caller that the token's claims name. Raises Problem (401) and Unavailable."""
        claims = await self._claims(token)
        role, organization, subject = (
            claims.get(name) for name in ("role", "organization_id", "sub")
        )
        if not isinstance(role, str) or role not in ROLES:
            raise unauthorized("the token's `role` is unknown")
        if role == "admin":
            organization = None
        elif not _is_id(organization):
            raise unauthorized("the token has no `organization_id`")
        if role in ("creator", "brand") and not _is_id(subject):
            raise unauthorized("the token's `sub` must be the id of the creator or brand")
        identity = repr((role, organization, subject)).encode()
        digest = hashlib.sha256(identity).hexdigest()
        return Caller(f"jwt:{digest[:24]}", role, organization, subject, _email(claims))

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > _CHARS_MAX:
            raise unauthorized("the token is too long")
        try:
            return jwt.decode(
                token,
                await self._key(token),
                algorithms=[self._algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
        except Unavailable:
            raise
        except Exception:
            # Whatever the library makes of strange claims: `exp` of 1e400 overflows, for one.
            raise unauthorized("the token is invalid or expired") from None

    async def _key(self, token: str) -> Any:
        """The key for the configured algorithm, whatever algorithm the token's header names.

        Raises InvalidTokenError.
        """
        if self._jwks is None:
            return self._secret
        kid = jwt.get_unverified_header(token).get("kid")
        key = await self._jwks.key(kid if isinstance(kid, str) else None)
        if key is None:
            raise InvalidTokenError("no such key")
        return key.key


def _email(claims: dict[str, Any]) -> str | None:
    """The address, unless whoever issued the token says that it is not the caller's for sure."""
    return as_email(claims.get("email")) if claims.get("email_verified", True) is True else None


def _secret(settings: Settings) -> bytes:
    secret = settings.jwt_secret.get_secret_value().encode() if settings.jwt_secret else b""
    if len(secret) < SECRET_BYTES_MIN:
        raise WrongSetting(f"DAYBOOK_JWT_SECRET: HS256 requires at least {SECRET_BYTES_MIN} bytes")
    return secret


def _jwks(settings: Settings, algorithm: str) -> Jwks:
    if not settings.jwt_jwks:
        raise WrongSetting(f"DAYBOOK_JWT_JWKS: {algorithm} requires the path or URL of a key set")
    return Jwks(settings.jwt_jwks, algorithm)


def _is_id(value: object) -> bool:
    try:
        _ID.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True
