"""Where a visitor comes from: page, source, channel and campaign, derived from texts alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from daybook.collector.acquisition.channel import Clues, channel
from daybook.collector.acquisition.known_sources import Sources
from daybook.collector.acquisition.normal_form import plain
from daybook.collector.acquisition.source import network, source
from daybook.collector.acquisition.url import (
    CLICK_IDS,
    NO_PAGE,
    PARAMETERS,
    URL_CHARS_MAX,
    UTM,
    page,
    path,
)

_NAME_CHARS_MAX = 200
"""Longer names of campaigns are no names; every context has up to five of them."""

_ESCAPED_CHARS_MAX = 2_000
"""Of a parameter that a client sends: it may be encoded, as in an address."""

_CACHED_MAX = 4_096
_CACHED_CHARS_MAX = 2_048


@dataclass(frozen=True, slots=True)
class Origin:
    """`context` holds fields of an event's context; `is_known`: the source is a well-known one."""

    path: str | None
    source: str | None
    is_known: bool
    context: Mapping[str, str]


class Origins:
    """Derives origins, and caches them, because the events of a batch often share one."""

    def __init__(self) -> None:
        self._sources = Sources()
        self._cached = lru_cache(_CACHED_MAX)(self._read)

    def read(self, url: str, referrer: str, landing_page: str, *sent: str) -> Origin:
        """`sent` has the order of PARAMETERS; texts that the client did not send are empty.

        Texts are cut before anything looks at them, because a client may send a megabyte.
        """
        addresses = [text[:URL_CHARS_MAX] for text in (url, referrer, landing_page)]
        texts = (*addresses, *(text[:_ESCAPED_CHARS_MAX] for text in sent))
        if sum(map(len, texts)) > _CACHED_CHARS_MAX:
            return self._read(*texts)
        return self._cached(*texts)

    def _read(self, url: str, referrer: str, landing_page: str, *sent: str) -> Origin:
        current = page(url) if url else NO_PAGE
        by_name = {
            name: named
            for name, text in zip(PARAMETERS, sent, strict=True)
            if text and (named := plain(text))
        }
        parameters = {
            name: text[:_NAME_CHARS_MAX].rstrip()
            for name, text in {**current.parameters, **by_name}.items()
        }
        origin = source(self._sources, parameters, referrer, current.host)
        context = {name: text for name in UTM if (text := parameters.get(name, ""))}
        known = origin.known or network(self._sources, parameters)
        name = known.name if known else origin.name
        context["channel"] = channel(
            Clues(
                source=(name or "").lower(),
                category=known.category if known else "",
                utm_source=parameters.get("utm_source", "").lower(),
                medium=parameters.get("utm_medium", "").lower(),
                campaign=parameters.get("utm_campaign", "").lower(),
                click_ids=frozenset(CLICK_IDS.keys() & parameters.keys()),
                is_paid_source=parameters.get("utm_source", "").lower() in self._sources.paid,
            )
        )
        if origin.name:
            context["source"] = origin.name
        if origin.referrer_host:
            context["referrer_host"] = origin.referrer_host
        if landing := path(landing_page) if landing_page else current.path:
            context["landing_page"] = landing
        return Origin(current.path, origin.name, origin.known is not None, context)
