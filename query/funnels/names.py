"""What the keys of stored maps are called in answers."""

from collections.abc import Mapping
from urllib.parse import unquote

from engine.keys import RESERVED

OTHER = "other"
"""The key of what found no room in a map of 1,000 keys."""


def name_of(key: str) -> str:
    """The text that a key was made of.

    A text that equals a reserved word stays encoded (`%6Fther`), or it could not be told from the
    word. One that was too long for a key is what its first 150 bytes and the hash say.
    """
    text = unquote(key)
    return key if text in RESERVED else text


def by_name(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names with what they count, the greatest first, then by name; `other` is left out."""
    named = [(name_of(key), count) for key, count in counts.items() if key != OTHER]
    return sorted(named, key=lambda each: (-each[1], each[0]))
