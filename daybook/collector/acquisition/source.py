"""Where a visitor came from, under one name.

The order is that of Plausible (`lib/plausible/ingestion/source.ex`): what the link says
(`utm_source`, `source`, `ref`), else the referrer, unless it is the page's own site.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from daybook.collector.acquisition.known_sources import Known, Sources
from daybook.collector.acquisition.url import host, split, without_www

NAME_CHARS_MAX = 200
_SCHEMES = frozenset({"http", "https", "android-app"})
_NONE = frozenset({"", "direct", "(direct)", "(none)", "(not set)", "none", "null", "undefined"})


@dataclass(frozen=True, slots=True)
class Source:
    """`known` is set for those of `sources.tsv`; `name` is None for who came by himself."""

    name: str | None
    known: Known | None
    referrer_host: str | None


def source(
    sources: Sources, parameters: Mapping[str, str], referrer: str, page_host: str | None
) -> Source:
    """`parameters` are those of the page's query, and what the client says besides."""
    scheme, referrer_host = _referrer(referrer, page_host)
    for parameter in ("utm_source", "source", "ref"):
        tagged = parameters.get(parameter, "").strip()
        if tagged.lower() not in _NONE:
            known = sources.named(tagged)
            name = known.name if known else tagged.lower()[:NAME_CHARS_MAX]
            return Source(name, known, referrer_host)
    if referrer_host is None:
        return Source(None, None, None)
    bare = without_www(referrer_host) or referrer_host
    known = sources.at(bare)
    if known:
        return Source(known.name, known, referrer_host)
    name = f"android-app://{bare}" if scheme == "android-app" else bare
    return Source(name[:NAME_CHARS_MAX], None, referrer_host)


def _referrer(referrer: str, page_host: str | None) -> tuple[str, str | None]:
    """Scheme and host, if it leads here from elsewhere."""
    parts = split(referrer)
    if parts is None or parts.scheme not in _SCHEMES:
        return "", None
    found = host(parts)
    if not found or found == "localhost" or without_www(found) == without_www(page_host):
        return "", None
    return parts.scheme, found[:NAME_CHARS_MAX]
