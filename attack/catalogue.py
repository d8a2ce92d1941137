"""Every attack, by the part of the run that makes it."""

from collections.abc import Mapping, Sequence

from attack.attack import Attack
from attack.subjects import (
    callers,
    collector,
    exports,
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
    "exports": exports.ATTACKS,
    "organizations": organizations.ATTACKS,
    "local": local_only.ATTACKS,
    "outages": outages.ATTACKS,
    "partitions": partitions.ATTACKS,
    "messages": messages.ATTACKS,
}
"""Those that hurt a fleet most come last, because a new fleet takes a while."""

RECOUNTED = frozenset(PARTS) - {"callers", "query", "exports", "local"}
"""Parts for which all numbers are recounted: the others send no event of their own."""


def chosen(names: Sequence[str]) -> dict[str, list[Attack]]:
    """The attacks of parts, or single ones named `part: attack`; all of them without a name.

    Raises KeyError with a name that there is none of.
    """
    known = {
        part: {f"{part}: {attack.name}": attack for attack in of} for part, of in PARTS.items()
    }
    found: dict[str, list[Attack]] = {}
    for name in names or PARTS:
        part = name.partition(":")[0]
        attacks = known[name].values() if name == part else [known[part][name]]
        found.setdefault(part, []).extend(attacks)
    return found
