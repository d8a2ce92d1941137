"""JWTs as an organization's identity provider would issue them, and some that must be refused."""

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
    """The claims of an analyst of `org-1`, valid for a minute. A claim of None is left out."""
    defaults = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": int(time.time()) + 60,
        "sub": "anna@example.com",
        "role": "analyst",
        "organization_id": "org-1",
    }
    return {name: value for name, value in (defaults | others).items() if value is not None}


def token(secret: str = SECRET, algorithm: str = "HS256", **others: Any) -> str:
    return jwt.encode(claims(**others), secret, algorithm)


class Signer:
    """An RS256 key pair, whose public key is in a JWKS file with a key of another kind."""

    def __init__(self, directory: Path) -> None:
        self._key: RSAPrivateKey = generate_rsa(65537, 2048)
        rsa = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        ec = ECAlgorithm.to_jwk(generate_ec(SECP256R1()).public_key(), as_dict=True)
        keys = [rsa | {"kid": "one", "alg": "RS256", "use": "sig"}, ec | {"kid": "two"}]
        self.file = directory / "keys.json"
        self.file.write_text(json.dumps({"keys": keys}))

    @property
    def settings(self) -> dict[str, str]:
        variables = {"DAYBOOK_JWT_ALGORITHM": "RS256", "DAYBOOK_JWT_JWKS": str(self.file)}
        return BY_ISSUER | variables

    @property
    def public_key(self) -> str:
        """The public key as PEM, which an attacker may know."""
        pem = self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return pem.decode()

    def token(self, kid: str | None = "one", **others: Any) -> str:
        headers = {"kid": kid} if kid else None
        return jwt.encode(claims(**others), self._key, "RS256", headers)
