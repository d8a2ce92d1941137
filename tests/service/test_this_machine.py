"""DAYBOOK_AUTH=off: only this machine's own programs and pages are answered."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import Message

from daybook.engine.settings import Settings
from daybook.query.app import create_app
from daybook.service.this_machine import ThisMachineOnly

OWN = "127.0.0.1:8080"


async def _answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def status(
    headers: Mapping[str, str] | list[tuple[str, str]], peer: str = "127.0.0.1", app: Any = None
) -> int:
    pairs = headers if isinstance(headers, list) else list(headers.items())
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/health",
        "query_string": b"",
        "client": (peer, 50_000),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
    }
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run((app or ThisMachineOnly(_answer))(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", OWN, "127.8.7.6:1", "localhost", "LOCALHOST:8080", "[::1]", "[::1]:8080"],
)
def test_a_loopback_address_as_the_host_is_answered(host: str) -> None:
    assert status({"Host": host}) == 200
    assert (
        status({"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}) == 200
    )
    assert status({"Host": host, "Sec-Fetch-Site": "none"}) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",  # a name that was bound to 127.0.0.1 after the page was loaded
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "0.0.0.0:8080",
        "192.0.2.1",
        "[::2]",
        "::1",
        "localhost:x",
        "",
        "localhost\x00",
        "löcalhost",
    ],
)
def test_any_other_host_is_refused(host: str) -> None:
    assert status({"Host": host}) == 403


@pytest.mark.parametrize(
    "name",
    ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"],
)
def test_what_comes_through_a_proxy_is_refused(name: str) -> None:
    assert status({"Host": OWN, name: "127.0.0.1"}) == 403
    assert status({"Host": OWN, name: ""}) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "http://127.0.0.1:8080.evil.example"},
        {"Origin": f"https://{OWN}"},
    ],
    ids=repr,
)
def test_another_sites_page_is_refused(headers: dict[str, str]) -> None:
    assert status({"Host": OWN} | headers) == 403


def test_no_host_two_hosts_and_another_machine_are_refused() -> None:
    assert status({}) == 403
    assert status([("Host", OWN), ("Host", OWN)]) == 403
    assert status({"Host": OWN}, peer="192.0.2.7") == 403


def test_the_query_service_has_this_rule_when_authentication_is_off_and_only_then() -> None:
    for auth, expected in (("off", 403), ("on", 200)):
        app = create_app(Settings(auth=auth))
        assert status({"Host": "evil.example"}, app=app) == expected
        assert status({"Host": OWN}, app=app) == 200
