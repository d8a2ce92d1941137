"""What the keys of stored maps are called in answers."""

from collections.abc import Collection, Mapping
from urllib.parse import unquote

OTHER = "other"
"""The key of what found no room in a map of 1,000 keys."""

UNATTRIBUTED = "unattributed"
"""The key, or the step, of what belongs to none."""


def name_of(key: str, words: Collection[str] = ()) -> str:
    """The text that a key was made of.

    `words` are keys that stand for something else in the same list: a text that equals one stays
    encoded (`%6Fther`). One that was too long is what its first 150 bytes and the hash say.
    """
    text = unquote(key)
    return key if text in words else text


def by_name(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names with what they count, the greatest first, then by name; `other` is left out."""
    named = [(name_of(key), count) for key, count in counts.items() if key != OTHER]
    return sorted(named, key=lambda each: (-each[1], each[0]))
