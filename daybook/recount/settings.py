"""How a fleet was told to count."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """What the fleet's numbers depend on; `duplicate_window` in offsets."""

    zone: str = "UTC"
    leader_roles: tuple[str, ...] = ("admin", "leader")
    duplicate_window: int = 50_000
    map_keys_max: int = 1_000
    order_waiting_max: int = 1_000
