"""The profiles of stage 2 in memory, and their rows."""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from typing import Any

from daybook.engine.errors import Refused
from daybook.segments.stage.profiles import Profile


class MemoryProfiles:
    """Implements `Profiles`. `before` is called before each write, and may raise."""

    def __init__(self) -> None:
        self.profiles: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        self.before: Callable[[], None] = lambda: None

    def load(self, ids: Collection[str]) -> dict[str, Profile]:
        return {one: deepcopy(self.profiles[one]) for one in ids if one in self.profiles}

    def due(self, shards: Collection[int], clock: int, limit: int) -> list[Profile]:
        return self._some(shards, limit, lambda p: p["due_at"] is not None and p["due_at"] <= clock)

    def changed(self, shard: int, limit: int) -> list[Profile]:
        return self._some([shard], limit, lambda p: bool(p["is_changed"]))

    def after(
        self, shard: int, after: str, organizations: Collection[str], limit: int
    ) -> list[Profile]:
        found = self._some(
            [shard],
            len(self.profiles),
            lambda p: p["_id"] > after and p["organization_id"] in organizations,
        )
        return sorted(found, key=lambda profile: str(profile["_id"]))[:limit]

    def _some(
        self, shards: Collection[int], limit: int, is_wanted: Callable[[Any], bool]
    ) -> list[Profile]:
        found = (p for p in self.profiles.values() if p["shard"] in shards and is_wanted(p))
        return [deepcopy(profile) for profile, _ in zip(found, range(limit), strict=False)]

    def replace(self, profiles: Collection[Profile]) -> None:
        for profile in profiles:
            self.before()
            stored = self.profiles.get(profile["_id"])
            if (stored["revision"] if stored else 0) != profile["revision"]:
                raise Refused
            profile["revision"] += 1
            self.profiles[profile["_id"]] = deepcopy(dict(profile))

    def update(self, profiles: Collection[Profile], names: Collection[str]) -> None:
        for profile in profiles:
            self.before()
            stored = self.profiles.get(profile["_id"])
            if stored is None or stored["revision"] != profile["revision"]:
                raise Refused
            profile["revision"] += 1
            changed = {name: profile[name] for name in ("revision", *names)}
            self.profiles[profile["_id"]] = stored | deepcopy(changed)

    def put_rows(self, rows: Collection[Mapping[str, Any]]) -> None:
        for row in rows:
            self.before()
            stored = self.rows.get(row["_id"])
            if stored is not None and stored["revision"] > row["revision"]:
                continue
            if row["since"] is None:
                self.rows.pop(row["_id"], None)
            else:
                self.rows[row["_id"]] = dict(row)
