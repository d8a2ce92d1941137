"""Parses the address of a page: path, host, query parameters, click id."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote_plus, urlsplit

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
LINK_SOURCES = ("utm_source", "source", "ref")
"""The parameters of a link that name its source, the most specific first."""

PATH_CHARS_MAX = 1024
URL_CHARS_MAX = 2_000
"""Browsers and servers agree on at least this much; what follows is cut off, and not read."""

_PARAMETERS_MAX = 100
_CLICK_IDS = ("gclid", "msclkid")
_READ = frozenset({*UTM, *LINK_SOURCES, *_CLICK_IDS})


@dataclass(frozen=True, slots=True)
class Page:
    """`parameters` holds the first value of each name that is read; `click_id` is the name of an
    advertiser's parameter, such as `gclid`."""

    path: str | None
    host: str | None
    parameters: Mapping[str, str]
    click_id: str | None


NO_PAGE = Page(None, None, {}, None)


def page(url: str) -> Page:
    """The page of a URL or a path; NO_PAGE if it cannot be parsed."""
    parts = split(url)
    if parts is None:
        return NO_PAGE
    parameters: dict[str, str] = {}
    for parameter in parts.query.split("&", _PARAMETERS_MAX)[:_PARAMETERS_MAX]:
        name, _, value = parameter.partition("=")
        # Decoded only if it matters: a batch may have 100,000 parameters.
        name = unquote_plus(name) if "%" in name else name
        if name in _READ and value:
            parameters.setdefault(name, unquote_plus(value))
    path = (parts.path or "/")[:PATH_CHARS_MAX]
    click_id = next((name for name in _CLICK_IDS if name in parameters), None)
    return Page(path, host(parts), parameters, click_id)


def path(text: str) -> str:
    """The path of a URL or a path, without query and fragment."""
    parts = split(text)
    text = text[:URL_CHARS_MAX]
    bare = text.partition("?")[0].partition("#")[0] if parts is None else parts.path
    return (bare or "/")[:PATH_CHARS_MAX]


def split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url[:URL_CHARS_MAX].strip())
    except ValueError:
        return None


def host(parts: SplitResult) -> str | None:
    """The host in lower case, without port, user and password; None if there is none."""
    try:
        return parts.hostname or None
    except ValueError:
        return None


def without_www(name: str | None) -> str | None:
    return name.removeprefix("www.") if name else None
