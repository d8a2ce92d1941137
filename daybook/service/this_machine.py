"""Middleware for DAYBOOK_AUTH=off: answers programs and browser pages of this machine alone."""

import re

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from daybook.service.outbound import is_loopback

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.]+)(?::[0-9]{1,5})?")
_FORWARDED = re.compile(r"forwarded|x-forwarded-.*|x-real-ip|x-original-.*|via")
_OWN_SITE = frozenset({"same-origin", "none"})
_REFUSAL = (
    "DAYBOOK_AUTH=off answers this machine alone: call it directly, by a loopback address such as "
    "http://127.0.0.1, from no other site's page and through no proxy\n"
)


class ThisMachineOnly:
    """Refuses with 403 what comes from elsewhere, although the service listens on loopback.

    Another machine's request arrives through a proxy here, which adds a header or keeps the
    caller's `Host`. Another site's page is run by this machine's browser, which names that site in
    `Origin`, `Sec-Fetch-Site` or, if the site's name was bound to a loopback address, in `Host`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _is_own(scope):
            await self._app(scope, receive, send)
            return
        await PlainTextResponse(_REFUSAL, 403)(scope, receive, send)


def _is_own(scope: Scope) -> bool:
    headers = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    ]
    hosts = [value.strip().lower() for name, value in headers if name == "host"]
    if len(hosts) != 1 or any(_FORWARDED.fullmatch(name) for name, _ in headers):
        return False
    matched = _HOST.fullmatch(hosts[0])
    client = scope.get("client")
    return (
        bool(client and is_loopback(client[0]))
        and matched is not None
        and is_loopback(matched[1].strip("[]"))
        and all(_OWN_SITE & {value} for name, value in headers if name == "sec-fetch-site")
        and all(
            value.lower() == f"http://{hosts[0]}" for name, value in headers if name == "origin"
        )
    )
