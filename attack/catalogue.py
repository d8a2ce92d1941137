"""Every attack, by the part of the run that makes it."""

from collections.abc import Mapping

from attack.attack import Attack
from attack.subjects import (
    callers,
    collector,
    hostile,
    local_only,
    messages,
    organizations,
    outages,
    partitions,
    texts,
)

PARTS: Mapping[str, tuple[Attack, ...]] = {
    "collector": collector.ATTACKS,
    "callers": callers.ATTACKS,
    "query": hostile.ATTACKS,
    "texts": texts.ATTACKS,
    "organizations": organizations.ATTACKS,
    "local": local_only.ATTACKS,
    "outages": outages.ATTACKS,
    "partitions": partitions.ATTACKS,
    "messages": messages.ATTACKS,
}
"""Those that hurt a fleet most come last, because a new fleet takes a while."""
