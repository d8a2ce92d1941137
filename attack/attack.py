"""What an attack is, what it is given, and what it says about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from daybook.engine.settings import Settings

Judged = Literal["tracking", "reports"]
JUDGED: tuple[Judged, ...] = get_args(Judged)


@dataclass(frozen=True, slots=True)
class Target:
    """A running fleet, as an attacker's process is told about it; it can be written as JSON.

    `variables`: the `DAYBOOK_*` settings of all its processes. `keys`: texts of API keys by what
    they are for. `directory`: an attack may write there, and the servers' files are beneath it.
    """

    variables: Mapping[str, str]
    collector_port: int
    query_port: int
    keys: Mapping[str, str]
    directory: str

    @property
    def settings(self) -> Settings:
        return settings_of(self.variables)


@dataclass(frozen=True, slots=True)
class Sent:
    """What an attack sent, in words, and what it saw itself that must not be."""

    what: str
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attack:
    """`run` makes the attack. `judged`: whose latencies during it must stay within their bounds,
    at `judged_percent` of their calls.

    `seconds_max`: `run` is ended after this. `settle_seconds_max`: how long the groups may then
    take until they have counted everything. `nice`: of the attacker's process, whose own work must
    not look like the fleet's slowness.
    """

    name: str
    run: Callable[[Target], Sent]
    judged: tuple[Judged, ...] = ()
    seconds_max: float = 40.0
    settle_seconds_max: float = 40.0
    judged_percent: int = 99
    nice: int = 10


def settings_of(variables: Mapping[str, str]) -> Settings:
    """The settings that these `DAYBOOK_*` variables give."""
    return Settings.model_validate(
        {name.removeprefix("DAYBOOK_").lower(): value for name, value in variables.items()}
    )
