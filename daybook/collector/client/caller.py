"""Who calls: by which key, from which address, with which browser."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from daybook.collector.client.address import caller, hashed, read
from daybook.collector.client.country import locator
from daybook.collector.client.user_agent import CHARS_MAX, Agent, Agents
from daybook.engine.settings import Settings
from daybook.service.api_keys import Key

_KEY_HEADER = "x-daybook-key"
_NOBODY = Agent(None, None, None, ())


@dataclass(frozen=True, slots=True)
class Caller:
    """What all events of a call have in common. `suspicions` are reasons that need another one."""

    key: Key
    country: str | None
    bucket: str
    agent: Agent
    suspicions: tuple[str, ...]

    @property
    def is_server(self) -> bool:
        return self.key.kind == "server"


class Callers:
    """Reads callers off their requests."""

    def __init__(self, settings: Settings) -> None:
        self._address = caller(settings.trusted_proxies)
        secret = settings.address_key
        own = secret.get_secret_value().encode()[:64] if secret else b""
        self._hash_key = own or secrets.token_bytes(32)
        self._agents = Agents()
        self._locate = locator(settings.geoip_file)
        self._has_countries = settings.geoip_file is not None

    def read(self, request: Request, key: Key) -> Caller:
        peer = request.client.host if request.client else None
        address = self._address(peer, request.headers.getlist("x-forwarded-for"))
        bucket = hashed(address, self._hash_key) if address else "unknown"
        if key.kind == "server":
            return Caller(key, None, bucket, _NOBODY, ())
        user_agent = request.headers.get("user-agent", "")[:CHARS_MAX]
        signs = {"no_user_agent": user_agent, "no_language": request.headers.get("accept-language")}
        suspicions = tuple(name for name, shown in signs.items() if not shown)
        country = self._locate(address) if address else None
        return Caller(key, country, bucket, self._agents.read(user_agent), suspicions)

    def agent(self, own: Caller, flat: Mapping[str, Any]) -> Agent:
        """The visitor's: as the body tells, else the call. Neither hides a bot in the other."""
        told = flat.get("user_agent")
        if not told:
            return own.agent
        found = self._agents.read(told[:CHARS_MAX])
        if not own.agent.bot:
            return found
        bot = tuple(dict.fromkeys(own.agent.bot + found.bot))
        return Agent(found.device_type, found.browser, found.os, bot)

    def country(self, own: Caller, flat: Mapping[str, Any]) -> str | None:
        """Of the visitor's address: a server's word for it, everybody else's own."""
        told = flat.get("ip_address")
        if not own.is_server or not told or not self._has_countries:
            return own.country
        address = read(told)
        return self._locate(address) if address else None


def shown_key(request: Request) -> str:
    """The key in the call's headers, or a public one in its query, where beacons must put it."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    shown = request.headers.get(_KEY_HEADER, "")
    if not shown and (public := request.query_params.get("key", "")).startswith("dbwrite_"):
        return public
    return shown
