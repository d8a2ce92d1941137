"""The settings that decide what is counted; bound in the database, the same for every member."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from daybook.engine.settings import Settings

MAP_KEYS_MAX = 1_000
EVENT_IDS_KEPT = 32


@dataclass(frozen=True, slots=True)
class Rules:
    """`duplicate_window` in offsets; `map_keys_max` keys of a map besides `other`."""

    zone: str
    leader_roles: frozenset[str]
    duplicate_window: int
    map_keys_max: int = MAP_KEYS_MAX

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        return cls(settings.zone, settings.leader_roles, settings.duplicate_window)

    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def bound(self) -> dict[str, Any]:
        """As stored in the fleet's document, under the names of the settings."""
        return {
            "zone": self.zone,
            "leader_roles": sorted(self.leader_roles),
            "duplicate_window": self.duplicate_window,
            "map_keys_max": self.map_keys_max,
        }
