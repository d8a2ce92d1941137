"""Parses the address of a page: path, host, query parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote_plus, urlsplit

from daybook.collector.acquisition.normal_form import normal_host, parameter, readable_path

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
LINK_SOURCES = ("utm_source", "source", "ref")
"""The parameters of a link that name its source, the most specific first."""

CLICK_IDS = {
    "gclid": "google",
    "gbraid": "google",
    "wbraid": "google",
    "dclid": "google",
    "msclkid": "bing",
    "fbclid": "facebook",
    "ttclid": "tiktok",
    "twclid": "twitter",
    "li_fat_id": "linkedin",
}
"""The parameters that advertising networks add to a link, each with the network's name in
`sources.tsv`."""

PARAMETERS = (*UTM, "source", "ref", *CLICK_IDS)
"""All parameters that say where a visitor comes from; `daybook.js` has the same list."""

PATH_CHARS_MAX = 1024
URL_CHARS_MAX = 2_000
"""Browsers and servers agree on at least this much; what follows is cut off, and not read."""

_PARAMETERS_MAX = 200
_READ = frozenset(PARAMETERS)


@dataclass(frozen=True, slots=True)
class Page:
    """`parameters` holds the first value of each name that is read, in its normal form."""

    path: str | None
    host: str | None
    parameters: Mapping[str, str]


NO_PAGE = Page(None, None, {})


def page(url: str) -> Page:
    """The page of a URL or a path; NO_PAGE if it cannot be parsed."""
    parts = split(url)
    if parts is None:
        return NO_PAGE
    parameters: dict[str, str] = {}
    for pair in parts.query.split("&", _PARAMETERS_MAX)[:_PARAMETERS_MAX]:
        name, _, value = pair.partition("=")
        # Decoded only if it matters: a batch may have 100,000 parameters.
        name = (unquote_plus(name) if "%" in name else name).strip().removeprefix("amp;")
        if name in _READ and name not in parameters and (text := parameter(value)):
            parameters[name] = text
    return Page(readable_path(parts.path or "/")[:PATH_CHARS_MAX], host(parts), parameters)


def path(text: str) -> str:
    """The path of a URL or a path, without query and fragment."""
    parts = split(text)
    text = text[:URL_CHARS_MAX]
    bare = text.partition("?")[0].partition("#")[0] if parts is None else parts.path
    return readable_path(bare or "/")[:PATH_CHARS_MAX]


def split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url[:URL_CHARS_MAX].strip())
    except ValueError:
        return None


def host(parts: SplitResult) -> str | None:
    """The host in its normal form, without port, user and password; None if there is none."""
    try:
        return normal_host(parts.hostname or "") or None
    except ValueError:
        return None


def without_www(name: str | None) -> str | None:
    return name.removeprefix("www.") if name else None
