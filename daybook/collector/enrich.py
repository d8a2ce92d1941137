"""An event's context: everything that only this moment knows, found out once."""

from collections.abc import Mapping
from typing import Any

from daybook.collector import metrics
from daybook.collector.acquisition.origin import UTM, Origin, Origins
from daybook.collector.acquisition.source_cap import SourceCap
from daybook.collector.arrival import Arrival
from daybook.collector.client.caller import Caller, Callers


class Enricher:
    """Makes contexts. Addresses and user agents are read here, and go no further."""

    def __init__(self, callers: Callers, origins: Origins, spread: SourceCap) -> None:
        self._callers = callers
        self._origins = origins
        self._spread = spread

    def origin(self, flat: Mapping[str, Any]) -> Origin:
        utm = [flat.get(name) or "" for name in UTM]
        url, referrer = flat.get("url") or "", flat.get("referrer") or ""
        return self._origins.read(url, referrer, flat.get("landing_page") or "", *utm)

    def context(
        self, flat: Mapping[str, Any], own: Caller, origin: Origin, arrival: Arrival, suspect: bool
    ) -> dict[str, Any]:
        """The fields of `schemas.tracking.Context`; those that are not known are absent."""
        agent = self._callers.agent(own, flat)
        context: dict[str, Any] = dict(origin.context)
        for name, value in (
            ("device_type", agent.device_type),
            ("browser", agent.browser),
            ("os", agent.os),
            ("country", self._callers.country(own, flat)),
        ):
            if value:
                context[name] = value
        if origin.source and not origin.is_known:
            today = arrival.at.date()
            context["source"] = self._spread.admit(own.key.id, origin.source, today)
        context["bot"] = bot_reasons(agent.bot, own.suspicions, suspect)
        context["received_at"] = arrival.text
        return context


def bot_reasons(certain: tuple[str, ...], suspicions: tuple[str, ...], is_fast: bool) -> list[str]:
    """Why this is a bot: what is certain, and suspicions when there are two of a kind apart.

    A program that hides what it is lacks what browsers send (one kind), or is too fast (another).
    """
    quiet = suspicions[:1] and is_fast
    return [*certain, *((*suspicions, "rate") if quiet else ())]


def count_bots(reasons: list[str]) -> None:
    for reason in reasons:
        metrics.BOTS.labels(reason).inc()
