"""The normal form of texts from addresses, so that one page, host or campaign has one name.

Callers cut the texts first: the work grows linearly with a text's length.
"""

import re
from unicodedata import category, is_normalized, normalize
from urllib.parse import unquote_plus

import idna

_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_HOST_CHARS_MAX = 253
_JOINERS = "\u200c\u200d"
"""Invisible, but part of words in Persian and of emoji."""

_DELIMITERS = frozenset("/?#%")
"""Encoded, they are part of a name; decoded, they would divide it or begin an escape."""

_UNREADABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def readable_path(path: str) -> str:
    """A path with its percent-escapes decoded where that gives readable text, in NFC.

    Escapes that are not UTF-8 stay as they are; those of delimiters and of invisible characters
    stay escapes, in capitals.
    """
    return _nfc(_ESCAPES.sub(_readable, path)) if "%" in path else _nfc(path)


def parameter(text: str) -> str:
    """A query's value as it was sent, decoded; see `plain`."""
    return plain(unquote_plus(text))


def plain(text: str) -> str:
    """A name without control characters, trimmed, in NFC.

    What was encoded twice is decoded once more: `&amp;`, and percent-escapes that are UTF-8.
    """
    text = text.replace("&amp;", "&")
    if "%" in text:
        text = _ESCAPES.sub(_decoded, text)
    if not text.isprintable():
        text = "".join(c for c in text if category(c) not in _DROPPED or c in _JOINERS)
    return _nfc(text).strip()


def normal_host(host: str) -> str:
    """A host in lower case as IDNA writes it in ASCII, without the dot at its end.

    A text that is no name of IDNA keeps its characters, in lower case.
    """
    host = host.lower().removesuffix(".")
    if host.isascii() or len(host) > _HOST_CHARS_MAX:
        return host
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        return host


def _readable(escapes: re.Match[str]) -> str:
    text = _utf8(escapes[0])
    return escapes[0] if text is None else "".join(c if _shows(c) else _escape(c) for c in text)


def _decoded(escapes: re.Match[str]) -> str:
    text = _utf8(escapes[0])
    return escapes[0] if text is None else text


def _utf8(escapes: str) -> str | None:
    try:
        return bytes.fromhex(escapes.replace("%", "")).decode()
    except UnicodeDecodeError:
        return None


def _shows(character: str) -> bool:
    if character in _DELIMITERS:
        return False
    return category(character) not in _UNREADABLE or character in _JOINERS


def _escape(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode())


def _nfc(text: str) -> str:
    return text if text.isascii() or is_normalized("NFC", text) else normalize("NFC", text)
