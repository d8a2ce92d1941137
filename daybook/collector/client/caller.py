"""Identifies the caller of a tracking call: API key, address, country, browser."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from daybook.collector.client.country import locator
from daybook.collector.client.user_agent import Agent, Agents
from daybook.engine.settings import Settings
from daybook.service.address import Address, address_finder, hashed, read
from daybook.service.api_keys import Key

_KEY_HEADER = "x-daybook-key"
_NO_AGENT = Agent(None, None, None, ())


@dataclass(frozen=True, slots=True)
class Caller:
    """What all events of a call share. `suspicions` are bot reasons that do not count alone."""

    key: Key
    country: str | None
    agent: Agent
    suspicions: tuple[str, ...]

    @property
    def is_server(self) -> bool:
        return self.key.kind == "server"


class Callers:
    """Identifies the callers of requests."""

    def __init__(self, settings: Settings) -> None:
        self._address = address_finder(settings.trusted_proxies)
        secret = settings.address_key
        configured = secret.get_secret_value().encode()[:64] if secret else b""
        self._hash_key = configured or secrets.token_bytes(32)
        self._agents = Agents()
        self._locate = locator(settings.geoip_file)
        self._has_countries = settings.geoip_file is not None

    def address(self, request: Request) -> Address | None:
        peer = request.client.host if request.client else None
        return self._address(peer, request.headers.getlist("x-forwarded-for"))

    def bucket(self, address: Address | None) -> str:
        """The name of the address in limits."""
        return hashed(address, self._hash_key) if address else "unknown"

    def read(self, request: Request, key: Key, address: Address | None) -> Caller:
        """The caller of a call; takes milliseconds if `is_new_agent`."""
        if key.kind == "server":
            return Caller(key, None, _NO_AGENT, ())
        user_agent = request.headers.get("user-agent", "")
        language = request.headers.get("accept-language")
        headers = {"no_user_agent": user_agent, "no_language": language}
        suspicions = tuple(reason for reason, header in headers.items() if not header)
        country = self._locate(address) if address else None
        return Caller(key, country, self._agents.read(user_agent), suspicions)

    def is_new_agent(self, user_agent: object) -> bool:
        """Whether a user agent, if it is one, was not read lately."""
        is_sent = isinstance(user_agent, str) and bool(user_agent)
        return is_sent and not self._agents.is_cached(str(user_agent))

    def agent(self, caller: Caller, fields: Mapping[str, Any]) -> Agent:
        """The visitor's agent, from the event's `user_agent`, else from the call.

        Bot reasons of both are kept, so that a bot cannot hide by sending another `user_agent`.
        """
        sent = fields.get("user_agent")
        if not sent:
            return caller.agent
        agent = self._agents.read(sent)
        if not caller.agent.bot:
            return agent
        bot = tuple(dict.fromkeys(caller.agent.bot + agent.bot))
        return Agent(agent.device_type, agent.browser, agent.os, bot)

    def country(self, caller: Caller, fields: Mapping[str, Any]) -> str | None:
        """The country of the visitor's address: the event's `ip_address` if a server sent it,
        else the caller's address."""
        sent = fields.get("ip_address")
        if not caller.is_server or not sent or not self._has_countries:
            return caller.country
        address = read(sent)
        return self._locate(address) if address else None


def presented_key(request: Request) -> str:
    """The API key in the call's headers, or a public one in its query, which beacons need."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    key = request.headers.get(_KEY_HEADER, "")
    if not key and (public := request.query_params.get("key", "")).startswith("dbwrite_"):
        return public
    return key
