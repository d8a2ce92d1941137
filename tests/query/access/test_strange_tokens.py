"""Whatever is in a token, it is refused or names a caller; nothing in it is an internal error."""

import asyncio
import base64
import json
import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from daybook.engine.settings import Settings
from daybook.query.access.jwt import Tokens
from daybook.query.caller import Caller
from daybook.query.problem import Problem
from tests.support.tokens import AUDIENCE, ISSUER, SECRET, claims, token

TOKENS = Tokens(
    Settings(
        jwt_algorithm="HS256",
        jwt_secret=SecretStr(SECRET),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
    )
)


def caller(text: str) -> Caller | Problem:
    try:
        return asyncio.run(TOKENS.caller(text))
    except Problem as problem:
        assert problem.status == 401
        return problem


def signed(payload: str) -> str:
    """A token with a valid signature over this text."""
    return jwt.api_jws.encode(payload.encode("utf-8", "surrogatepass"), SECRET, "HS256")


def with_claim(name: str, value: str) -> str:
    """The claims of an analyst, as JSON, of which one is this text."""
    others = {key: item for key, item in claims().items() if key != name}
    return json.dumps(others)[:-1] + f', "{name}": {value}}}'


VALUES = [
    "1e400", "-1e400", "NaN", "Infinity", "1" + "0" * 400, "-1", "0", "true", "null", "[]", "{}",
    '"1e400"', '"\\ud800"', '"\\u0000"', '[["a"]]', '{"$gt": ""}', '"' + "x" * 4_000 + '"',
    "[" * 500 + "]" * 500,
]  # fmt: skip
NAMES = ["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "role", "organization_id"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_a_strange_claim_is_refused_or_ignored(name: str, value: str) -> None:
    found = caller(signed(with_claim(name, value)))
    if isinstance(found, Caller):
        assert found.role == "analyst"
        # Only text without a space, a control character or a bracket may be an id.
        assert found.organization_id in ("org-1", "1e400")


@pytest.mark.parametrize(
    "payload", ["", "null", "[]", "5", '"x"', "{", "\ud800", "[" * 3_000, '{"a":' * 900]
)
def test_a_payload_that_is_no_object_is_refused(payload: str) -> None:
    assert isinstance(caller(signed(payload)), Problem)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "None"}, {"alg": ["HS256"]}, {"alg": None}, {"alg": "RS256"}, {},
        {"alg": "HS256", "crit": ["x"]}, {"alg": "HS256", "b64": False},
        {"alg": "HS256", "kid": []}, [], "HS256", None, 1e400,
    ],
)  # fmt: skip
def test_a_strange_header_is_refused(header: object) -> None:
    parts = [json.dumps(header).encode(), json.dumps(claims()).encode()]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts).decode()
    for signature in ("", ".", ".AAAA", f".{token().rpartition('.')[2]}"):
        assert isinstance(caller(text + signature), Problem)


def test_a_token_for_the_past_or_of_any_length_is_refused() -> None:
    assert isinstance(caller(token(exp=int(time.time()) - 60)), Problem)
    assert isinstance(caller(token(sub="x" * 10_000)), Problem)
    assert isinstance(caller(token()), Caller)


@given(st.text(max_size=200))
def test_any_text_is_refused(text: str) -> None:
    assert isinstance(caller(text), Problem)
