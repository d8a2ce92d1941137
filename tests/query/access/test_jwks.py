"""The keys that verify tokens are read rarely, and kept while they cannot be read."""

import asyncio
import json
from pathlib import Path

import pytest

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.settings import Settings
from daybook.query.access.jwks import FRESH_SECONDS, RETRY_SECONDS, Jwks
from daybook.query.access.jwt import Tokens
from tests.support.tokens import AUDIENCE, ISSUER, Signer


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def kid(jwks: Jwks, name: str | None) -> str | None:
    found = asyncio.run(jwks.key(name))
    return found.key_id if found else None


def test_a_key_is_found_by_its_id_and_a_single_key_without_one(tmp_path: Path) -> None:
    jwks = Jwks(str(Signer(tmp_path).file), "RS256")
    assert kid(jwks, "one") == kid(jwks, None) == "one"
    assert kid(jwks, "two") is None


def test_only_keys_of_the_configured_algorithm_are_used(tmp_path: Path) -> None:
    jwks = Jwks(str(Signer(tmp_path).file), "ES256")
    assert kid(jwks, "two") == kid(jwks, None) == "two"
    assert kid(jwks, "one") is None


def test_an_unknown_key_id_causes_a_read_but_not_too_often(tmp_path: Path) -> None:
    clock = Clock()
    file = Signer(tmp_path).file
    jwks = Jwks(str(file), "RS256", clock)
    assert kid(jwks, "one") == "one"
    file.write_text(file.read_text().replace('"one"', '"new"'))
    assert kid(jwks, "new") is None
    clock.now += RETRY_SECONDS + 1
    assert kid(jwks, "new") == "new"


def test_keys_remain_valid_while_they_cannot_be_read(tmp_path: Path) -> None:
    clock = Clock()
    file = Signer(tmp_path).file
    jwks = Jwks(str(file), "RS256", clock)
    assert kid(jwks, "one") == "one"
    for content in ("{", "[]", json.dumps({"keys": 5}), "x" * 2_000_000):
        file.write_text(content)
        clock.now += FRESH_SECONDS + 1
        assert kid(jwks, "one") == "one"


def test_before_the_first_read_keys_are_unavailable() -> None:
    jwks = Jwks("http://127.0.0.1:1/keys", "RS256")
    with pytest.raises(Unavailable):
        asyncio.run(jwks.key("one"))


@pytest.mark.parametrize("source", ["http://login.example/keys", "http://169.254.169.254/"])
def test_an_unencrypted_url_of_another_machine_is_refused(source: str) -> None:
    with pytest.raises(WrongSetting, match="DAYBOOK_JWT_JWKS"):
        Jwks(source, "RS256")


def test_inconsistent_settings_are_refused_by_name(tmp_path: Path) -> None:
    whole = {"jwt_issuer": ISSUER, "jwt_audience": AUDIENCE}
    none_for_es256 = tmp_path / "keys.json"
    none_for_es256.write_text(json.dumps({"keys": []}))
    for own, variable in (
        ({"jwt_algorithm": "HS256", **whole}, "DAYBOOK_JWT_SECRET"),
        ({"jwt_algorithm": "HS256", **whole, "jwt_secret": "x" * 31}, "DAYBOOK_JWT_SECRET"),
        ({"jwt_algorithm": "RS256", **whole, "jwt_secret": "x" * 32}, "DAYBOOK_JWT_JWKS"),
        ({"jwt_algorithm": "RS256", **whole, "jwt_jwks": "/nowhere"}, "DAYBOOK_JWT_JWKS"),
        (
            {"jwt_algorithm": "ES256", **whole, "jwt_jwks": str(none_for_es256)},
            "DAYBOOK_JWT_JWKS",
        ),
        ({"jwt_algorithm": "HS256", "jwt_audience": AUDIENCE}, "DAYBOOK_JWT_ISSUER"),
        ({"jwt_algorithm": "HS256", "jwt_issuer": ISSUER}, "DAYBOOK_JWT_AUDIENCE"),
    ):
        with pytest.raises(WrongSetting, match=variable):
            Tokens(Settings.model_validate(own))
