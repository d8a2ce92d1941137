"""The settings that decide what is counted; the database binds every member to the same ones."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from daybook.engine.settings import Settings

MAP_KEYS_MAX = 1_000
EVENT_IDS_KEPT = 32


@dataclass(frozen=True, slots=True)
class Rules:
    """`duplicate_window` is in offsets; a map has `map_keys_max` keys besides `other`."""

    zone: str
    leader_roles: frozenset[str]
    duplicate_window: int
    map_keys_max: int = MAP_KEYS_MAX

    @classmethod
    def from_settings(cls, settings: Settings) -> "Rules":
        """The rules that this process would count by."""
        return cls(settings.zone, settings.leader_roles, settings.duplicate_window)

    def zone_info(self) -> ZoneInfo:
        """`zone` as a `ZoneInfo`."""
        return ZoneInfo(self.zone)

    def bound(self) -> dict[str, Any]:
        """The rules as stored in the fleet's document, under the names of the settings."""
        return {
            "zone": self.zone,
            "leader_roles": sorted(self.leader_roles),
            "duplicate_window": self.duplicate_window,
            "map_keys_max": self.map_keys_max,
        }
