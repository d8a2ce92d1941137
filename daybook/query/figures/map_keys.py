"""Decodes the keys of stored maps for reports."""

from collections.abc import Collection, Mapping
from urllib.parse import unquote

OTHER = "other"
"""The key for everything beyond the 1,000 keys that a map may have."""

UNATTRIBUTED = "unattributed"
"""The key or step for what cannot be attributed to any."""


DIRECT = "direct"
"""The key of visitors without a source, and of entries without a step before."""

OF_NOBODY = (DIRECT, "unknown")
"""The keys of breakdowns by context: of visitors without a source, or without another field."""


def name_of(key: str, reserved: Collection[str] = ()) -> str:
    """The decoded key.

    A text that equals one of the `reserved` keys stays encoded (`%6Fther`), to tell them apart.
    Texts that were too long were shortened to 150 bytes and a hash when they were stored.
    """
    text = unquote(key)
    return key if text in reserved else text


def by_name(counts: Mapping[str, int], reserved: Collection[str] = ()) -> list[tuple[str, int]]:
    """Names with their counts, largest first, then by name; without `other`.

    `reserved`: as of `name_of`.
    """
    entries = [(name_of(key, reserved), count) for key, count in counts.items() if key != OTHER]
    return sorted(entries, key=lambda item: (-item[1], item[0]))
