"""Where an event comes from: its page, source, channel and campaign. A function of texts alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from daybook.collector.acquisition.channel import Clues, channel
from daybook.collector.acquisition.known_sources import Sources
from daybook.collector.acquisition.source import source
from daybook.collector.acquisition.url import NO_PAGE, page, path

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_UTM_CHARS_MAX = 200
_REMEMBERED = 4_096
_REMEMBERED_CHARS_MAX = 2_048


@dataclass(frozen=True, slots=True)
class Origin:
    """`context` are the fields of an event's context; `is_known` when the source is well known."""

    path: str | None
    source: str | None
    is_known: bool
    context: Mapping[str, str]


class Origins:
    """Reads origins; one that is asked for again and again, as in a batch, is read once."""

    def __init__(self) -> None:
        self._sources = Sources()
        self._cached = lru_cache(_REMEMBERED)(self._read)

    def read(self, url: str, referrer: str, landing_page: str, *utm: str) -> Origin:
        """`utm` in the order of UTM; each text empty where the client gave none."""
        if sum(map(len, (url, referrer, landing_page, *utm))) > _REMEMBERED_CHARS_MAX:
            return self._read(url, referrer, landing_page, *utm)
        return self._cached(url, referrer, landing_page, *utm)

    def _read(self, url: str, referrer: str, landing_page: str, *utm: str) -> Origin:
        here = page(url) if url else NO_PAGE
        given = {name: text for name, text in zip(UTM, utm, strict=True) if text}
        parameters = {**here.parameters, **given}
        found = source(self._sources, parameters, referrer, here.host)
        context = {
            name: text[:_UTM_CHARS_MAX] for name in UTM if (text := parameters.get(name, ""))
        }
        name = found.known.name if found.known else found.name
        context["channel"] = channel(
            Clues(
                source=(name or "").lower(),
                category=found.known.category if found.known else "",
                utm_source=parameters.get("utm_source", "").lower(),
                medium=parameters.get("utm_medium", "").lower(),
                campaign=parameters.get("utm_campaign", "").lower(),
                click_id=here.click_id or "",
                is_paid_source=parameters.get("utm_source", "").lower() in self._sources.paid,
            )
        )
        if found.name:
            context["source"] = found.name
        if found.referrer_host:
            context["referrer_host"] = found.referrer_host
        if landing := path(landing_page) if landing_page else here.path:
            context["landing_page"] = landing
        return Origin(here.path, found.name, found.known is not None, context)
