"""The fleet's settings that its numbers depend on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """As the fleet recorded them; `duplicate_window` is a number of offsets."""

    zone: str = "UTC"
    leader_roles: tuple[str, ...] = ("admin", "leader")
    duplicate_window: int = 50_000
    map_keys_max: int = 1_000
    order_waiting_max: int = 1_000
