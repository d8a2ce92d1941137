"""Derives an event's context: device, country, source, bot reasons, time of arrival."""

from collections.abc import Mapping
from typing import Any

from daybook.collector import metrics
from daybook.collector.acquisition.origin import Origin, Origins
from daybook.collector.acquisition.source_cap import SourceCap
from daybook.collector.acquisition.url import PARAMETERS
from daybook.collector.arrival import Arrival
from daybook.collector.client.caller import Caller, Callers


class Enricher:
    """Derives contexts. It reads IP addresses and user agents, which are not passed on."""

    def __init__(self, callers: Callers, origins: Origins, source_cap: SourceCap) -> None:
        self._callers = callers
        self._origins = origins
        self._source_cap = source_cap

    def origin(self, fields: Mapping[str, Any]) -> Origin:
        """Where the visitor came from, by the fields that a client sent."""
        sent = [fields.get(name) or "" for name in PARAMETERS]
        url, referrer = fields.get("url") or "", fields.get("referrer") or ""
        return self._origins.read(url, referrer, fields.get("landing_page") or "", *sent)

    def context(
        self,
        fields: Mapping[str, Any],
        caller: Caller,
        origin: Origin,
        arrival: Arrival,
        suspect: bool,
    ) -> dict[str, Any]:
        """The fields of `schemas.tracking.Context`; unknown ones are absent."""
        agent = self._callers.agent(caller, fields)
        context: dict[str, Any] = dict(origin.context)
        for name, value in (
            ("device_type", agent.device_type),
            ("browser", agent.browser),
            ("os", agent.os),
            ("country", self._callers.country(caller, fields)),
        ):
            if value:
                context[name] = value
        if origin.source and not origin.is_known:
            today = arrival.at.date()
            context["source"] = self._source_cap.admit(caller.key.id, origin.source, today)
        context["bot"] = bot_reasons(agent.bot, caller.suspicions, suspect)
        context["received_at"] = arrival.text
        return context


def bot_reasons(certain: tuple[str, ...], suspicions: tuple[str, ...], is_fast: bool) -> list[str]:
    """The reasons for treating an event as a bot's; empty for a person's.

    Certain reasons count alone. Suspicions count only if there are two of different kinds: headers
    that browsers send are missing, and the address is too fast.
    """
    is_suspect = suspicions[:1] and is_fast
    return [*certain, *((*suspicions, "rate") if is_suspect else ())]


def count_bots(reasons: list[str]) -> None:
    for reason in reasons:
        metrics.BOTS.labels(reason).inc()
