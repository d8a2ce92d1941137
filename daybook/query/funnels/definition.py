"""A funnel's definition: its name and steps."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from daybook.query.problem import missing
from daybook.query.read.scope import Scope

UNKNOWN_TYPE = "unknown"


class Step(NamedTuple):
    """For a step that no definition ever had, `name` is the id and `type` is `unknown`."""

    step_id: str
    name: str
    type: str


class Definition:
    """From a document of `funnels`. A funnel that was only seen in traffic has no defined steps."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self.funnel_id: str = stored["funnel_id"]
        self.name: str = stored.get("name") or self.funnel_id
        self._known = {
            step["step_id"]: _step(step)
            for version in [*stored.get("versions", ()), stored]
            for step in version.get("steps", ())
        }
        self.steps = [_step(step) for step in stored.get("steps", ())]

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


def _step(stored: Mapping[str, Any]) -> Step:
    return Step(stored["step_id"], stored["name"], stored["type"])


async def load_definition(scope: Scope, funnel_id: str) -> Definition:
    """Raises Problem (404) for a funnel that was neither published nor seen."""
    stored = await scope.find_one("funnels", {"_id": scope.id(funnel_id)})
    if stored is None:
        raise missing("funnel")
    return Definition(stored)
