"""The keys that verify tokens are read rarely, and kept while they cannot be read."""

import asyncio
import json
import threading
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
    """The id of the key that is found, after a refresh that it may have started has ended."""

    async def look_up() -> str | None:
        found = await jwks.key(name)
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others)
        return found.key_id if found else None

    return asyncio.run(look_up())


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
    hostile: tuple[object, ...] = (
        [5],
        [{"kty": 5}],
        [{"kty": []}],
        [{"kty": "RSA", "n": {}, "e": None}],
        [[]],
        5,
        None,
    )
    sets = [json.dumps({"keys": keys}) for keys in hostile]
    for content in ("{", "[]", *sets, "[" * 100_000, "x" * 2_000_000):
        file.write_text(content)
        clock.now += FRESH_SECONDS + 1
        assert kid(jwks, "one") == "one"


def test_a_token_with_a_known_key_does_not_wait_for_the_server_of_the_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, answered, began = Clock(), threading.Event(), threading.Event()
    raw = Signer(tmp_path).file.read_bytes()
    monkeypatch.setattr("daybook.query.access.jwks._fetch", lambda url: raw)
    jwks = Jwks("https://login.example/keys", "RS256", clock)
    assert kid(jwks, "one") == "one"

    def fetch_slowly(url: str) -> bytes:
        began.set()
        assert answered.wait(60)
        return raw.replace(b'"one"', b'"new"')

    monkeypatch.setattr("daybook.query.access.jwks._fetch", fetch_slowly)
    clock.now += FRESH_SECONDS + 1

    async def look_up() -> None:
        for _ in range(100):
            found = await jwks.key("one")
            assert found
            assert not answered.is_set()
        await asyncio.to_thread(began.wait, 60)
        answered.set()
        renewed = await jwks.key("new")
        assert renewed

    asyncio.run(look_up())


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
