"""How the members of segments are counted, by whoever reads `segment_members`."""

from collections.abc import Iterable, Mapping
from typing import Any

IS_MEMBER: Mapping[str, Any] = {"in": True}
"""The filter for rows of people who are members."""

BY_VERSION: Mapping[str, Any] = {
    "$group": {
        "_id": {"segment_id": "$segment_id", "version": "$version"},
        "count": {"$sum": 1},
    }
}
"""The stage of an aggregation that counts rows by segment and version."""


def by_version(found: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], int]:
    """From what BY_VERSION gives: the number of each segment and version that has any."""
    return {(row["_id"]["segment_id"], row["_id"]["version"]): row["count"] for row in found}
