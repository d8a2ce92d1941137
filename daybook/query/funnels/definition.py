"""A funnel's definition: its name and steps."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from daybook.query.problem import missing
from daybook.query.read.scope import Scope
from models.funnel_revenue import FunnelRevenueDay

UNKNOWN_TYPE = "unknown"
Basis = Literal["orders", "conversions"]
"""What a funnel's revenue is taken from."""


class Step(NamedTuple):
    """For a step that no definition ever had, `name` is the id and `type` is `unknown`."""

    step_id: str
    name: str
    type: str


class VersionStep(NamedTuple):
    step_id: str
    is_optional: bool


class Version(NamedTuple):
    """A definition as it was published at a time: its steps in order, and how they are taken."""

    appended_at: datetime
    order: str
    steps: tuple[VersionStep, ...]


class Definition:
    """From a document of `funnels`. A funnel that was only seen in traffic, or is only named by
    orders, has no defined steps."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.funnel_id: str = stored["funnel_id"]
        self.name: str = stored.get("name") or self.funnel_id
        self.revenue_basis: Basis | None = stored.get("revenue_basis")
        self._known = {
            step["step_id"]: _step(step)
            for version in [*stored.get("versions", ()), stored]
            for step in version.get("steps", ())
        }
        self.steps = [_step(step) for step in stored.get("steps", ())]
        self.versions = [_version(version) for version in stored.get("versions", ())]

    @property
    def first(self) -> str | None:
        """The id of the first step, whose visitors are the denominator of the steps' rates."""
        return self.steps[0].step_id if self.steps else None

    def has(self, step_id: str) -> bool:
        """Whether any version of the definition has this step."""
        return step_id in self._known

    def step(self, step_id: str) -> Step:
        """A step with its most recent name and type."""
        return self._known.get(step_id) or Step(step_id, step_id, UNKNOWN_TYPE)

    def with_seen(self, seen: Iterable[str]) -> list[Step]:
        """The defined steps in order, followed by steps that were only seen, by id."""
        defined = {step.step_id for step in self.steps}
        return self.steps + [self.step(step_id) for step_id in sorted(set(seen) - defined)]

    def all_versions(self) -> list[Step]:
        """The current steps in order, followed by those of earlier definitions."""
        return self.with_seen(self._known)


def _version(stored: Mapping[str, Any]) -> Version:
    steps = (VersionStep(s["step_id"], bool(s.get("optional"))) for s in stored["steps"])
    return Version(stored["appended_at"], stored["order"], tuple(steps))


def _step(stored: Mapping[str, Any]) -> Step:
    return Step(stored["step_id"], stored["name"], stored["type"])


async def load_definition(scope: Scope, funnel_id: str) -> Definition:
    """Raises Problem (404) for a funnel that was neither published nor seen, nor had an order."""
    stored = await scope.find_one("funnels", {"_id": scope.id(funnel_id)})
    if stored is None and await has_orders(scope, funnel_id):
        stored = {"funnel_id": funnel_id}
    if stored is None:
        raise missing("funnel")
    return Definition(stored)


async def has_orders(scope: Scope, funnel_id: str) -> bool:
    """Whether an order of the funnel was ever paid; its days stay stored for good."""
    where = {"funnel_id": funnel_id}
    return await scope.find_one(FunnelRevenueDay.collection, where, ["_id"]) is not None
