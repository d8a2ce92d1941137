"""The profiles of a shard, as their one writer reads and replaces them."""

from collections.abc import Collection, Mapping, MutableMapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, Protocol
from urllib.parse import unquote

from daybook.segments.feed import shard_of
from daybook.segments.memberships import new_memberships
from daybook.segments.profile_facts import new_profile

Profile = MutableMapping[str, Any]
SAMPLES = 10_000


class Profiles(Protocol):
    """Every method raises Unavailable."""

    def load(self, ids: Collection[str]) -> dict[str, Profile]:
        """The stored profiles with these `_id`s."""

    def due(self, shards: Collection[int], clock: int, limit: int) -> list[Profile]:
        """Profiles of these shards that must be evaluated by the clock, at most so many."""

    def changed(self, shard: int, limit: int) -> list[Profile]:
        """Profiles of the shard with rows or changes still to be published, at most so many."""

    def after(
        self, shard: int, after: str, organizations: Collection[str], limit: int
    ) -> list[Profile]:
        """Profiles of the shard and these organizations whose `_id` is greater, in its order."""

    def replace(self, profiles: Collection[Profile]) -> None:
        """Replaces profiles as they were read, and raises their `revision`.

        Raises Refused if another writer has replaced one of them since: then some are replaced.
        """

    def update(self, profiles: Collection[Profile], names: Collection[str]) -> None:
        """Stores these fields of profiles that were read, and raises their `revision`.

        Raises Refused as `replace` does.
        """

    def put_rows(self, rows: Collection[Mapping[str, Any]]) -> None:
        """Writes rows of `segment_members`, and removes those that have no `since` any more, unless
        the stored one is of a later revision."""


@lru_cache(2**10)
def person_of(profile: str) -> tuple[str, str]:
    """Organization and person, `u:<user>` or `v:<visitor>`, of a profile's `_id`."""
    organization, letter, own = profile.split(":")
    return unquote(organization), f"{letter}:{unquote(own)}"


def blank(profile: str) -> dict[str, Any]:
    """The profile with this `_id` before its first item.

    `touched` are the segments to evaluate with the next round, and `is_merged` says whether a
    visitor's facts are among what is new. `unpublished` are the segments whose rows are still to be
    written; `is_changed` says whether there are any.
    `sample` is a number below 10,000, spread evenly.
    """
    organization, person = person_of(profile)
    return (
        {
            "_id": profile,
            "organization_id": organization,
            "person": person,
            "shard": shard_of(profile),
            "sample": int(sha256(profile.encode()).hexdigest()[:8], 16) % SAMPLES,
            "revision": 0,
            "touched": [],
            "is_merged": False,
            "unpublished": [],
            "is_changed": False,
        }
        | new_profile()
        | new_memberships()
    )
