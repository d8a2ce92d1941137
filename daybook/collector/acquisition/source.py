"""The source that a visitor came from, by its canonical name.

The order is Plausible's (`lib/plausible/ingestion/source.ex`): the link's parameter (`utm_source`,
`source`, `ref`), else the referrer, unless it is the page's own site. The network of a click id
comes before a referrer that is not well known, such as the site that shows an advertisement.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from daybook.collector.acquisition.known_sources import KnownSource, Sources
from daybook.collector.acquisition.url import CLICK_IDS, LINK_SOURCES, host, split, without_www

NAME_CHARS_MAX = 200
_SCHEMES = frozenset({"http", "https", "android-app"})
_NONE = frozenset({"", "direct", "(direct)", "(none)", "(not set)", "none", "null", "undefined"})


@dataclass(frozen=True, slots=True)
class Source:
    """`known` is set for sources of `sources.tsv`; `name` is None for a direct visit."""

    name: str | None
    known: KnownSource | None
    referrer_host: str | None


def source(
    sources: Sources, parameters: Mapping[str, str], referrer: str, page_host: str | None
) -> Source:
    """`parameters` are those of the page's query, overridden by those that the client sent."""
    scheme, referrer_host = _referrer(referrer, page_host)
    for parameter in LINK_SOURCES:
        tagged = parameters.get(parameter, "")
        if tagged.lower() not in _NONE:
            known = sources.by_name(tagged)
            name = known.name if known else tagged.lower()[:NAME_CHARS_MAX]
            return Source(name, known, referrer_host)
    bare_host = without_www(referrer_host) or ""
    known = sources.by_host(bare_host) or network(sources, parameters)
    if known:
        return Source(known.name, known, referrer_host)
    if referrer_host is None:
        return Source(None, None, None)
    name = f"android-app://{bare_host}" if scheme == "android-app" else bare_host
    return Source(name[:NAME_CHARS_MAX], None, referrer_host)


def network(sources: Sources, parameters: Mapping[str, str]) -> KnownSource | None:
    """The network whose click id the link has; the first in the order of CLICK_IDS."""
    names = (name for parameter, name in CLICK_IDS.items() if parameters.get(parameter))
    return next((sources.by_name(name) for name in names), None)


def _referrer(referrer: str, page_host: str | None) -> tuple[str, str | None]:
    """The referrer's scheme and host; none for the page's own site, and what is not an address."""
    parts = split(referrer)
    if parts is None or parts.scheme not in _SCHEMES:
        return "", None
    name = host(parts)
    if not name or name == "localhost" or without_www(name) == without_www(page_host):
        return "", None
    return parts.scheme, name[:NAME_CHARS_MAX]
