"""Tokens as an organization's own sign-on would make them, and some that nobody should take."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

SECRET = "a secret of sixty-four bytes, for the longest of the algorithms to be wrong"
ISSUER, AUDIENCE = "https://login.example", "daybook"
BY_ISSUER = {"DAYBOOK_JWT_ISSUER": ISSUER, "DAYBOOK_JWT_AUDIENCE": AUDIENCE}
BY_SECRET = BY_ISSUER | {"DAYBOOK_JWT_ALGORITHM": "HS256", "DAYBOOK_JWT_SECRET": SECRET}


def claims(**others: Any) -> dict[str, Any]:
    """Of an analyst of `org-1`, good for a minute. A claim of None is left out."""
    own = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": int(time.time()) + 60,
        "sub": "anna@example.com",
        "role": "analyst",
        "organization_id": "org-1",
    }
    return {name: value for name, value in (own | others).items() if value is not None}


def token(secret: str = SECRET, algorithm: str = "HS256", **others: Any) -> str:
    return jwt.encode(claims(**others), secret, algorithm)


class Signer:
    """A key pair of RS256, its public half in a file, beside keys that are for something else."""

    def __init__(self, directory: Path) -> None:
        self._key: RSAPrivateKey = generate_rsa(65537, 2048)
        own = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        other = ECAlgorithm.to_jwk(generate_ec(SECP256R1()).public_key(), as_dict=True)
        keys = [own | {"kid": "one", "alg": "RS256", "use": "sig"}, other | {"kid": "two"}]
        self.file = directory / "keys.json"
        self.file.write_text(json.dumps({"keys": keys}))

    @property
    def settings(self) -> dict[str, str]:
        own = {"DAYBOOK_JWT_ALGORITHM": "RS256", "DAYBOOK_JWT_JWKS": str(self.file)}
        return BY_ISSUER | own

    @property
    def public_key(self) -> str:
        """As an attacker would have it."""
        found = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return found.decode()

    def token(self, kid: str | None = "one", **others: Any) -> str:
        headers = {"kid": kid} if kid else None
        return jwt.encode(claims(**others), self._key, "RS256", headers)
