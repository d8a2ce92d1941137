"""Keeps the published definitions of funnels, and finds the one in force at a place in the log."""

from dataclasses import dataclass, field
from typing import Any

from daybook.simulate.answer.keys import event_key

WINDOW_SECONDS = 14 * 24 * 3600
DEFAULT_ORGANIZATION = "default"


@dataclass(frozen=True)
class Definition:
    """A funnel's definition; `optional` belongs to `steps`, in the same order."""

    steps: tuple[str, ...]
    optional: tuple[bool, ...]
    order: str
    exclusions: tuple[str, ...]
    window_ms: int

    def position(self, step: str) -> int | None:
        """0 for step 1; None for a step that the definition lacks."""
        return self.steps.index(step) if step in self.steps else None


@dataclass
class Definitions:
    """All published definitions, by organization and funnel, with their places in the log."""

    published: dict[tuple[str, str], list[tuple[int, Definition]]] = field(default_factory=dict)
    ids: set[tuple[str, str]] = field(default_factory=set)

    def take(self, event: dict[str, Any], place: int) -> None:
        """Adds an event of the topic; of duplicates, the first one counts."""
        owner = event.get("organization_id", DEFAULT_ORGANIZATION)
        own_id = owner, event_key(event["event_id"])
        if event["event_type"] == "funnel.published" and own_id not in self.ids:
            self.ids.add(own_id)
            history = self.published.setdefault((owner, event["data"]["funnel_id"]), [])
            history.append((place, definition(event["data"])))

    def in_force(self, organization: str, funnel: str, place: int) -> Definition | None:
        """The newest definition at or before `place` in the log."""
        history = self.published.get((organization, funnel), ())
        return next((known for since, known in reversed(history) if since <= place), None)


def definition(data: dict[str, Any]) -> Definition:
    """The definition in the data of a `funnel.published` event."""
    return Definition(
        steps=tuple(step["step_id"] for step in data["steps"]),
        optional=tuple(step.get("optional", False) for step in data["steps"]),
        order=data.get("order", "ordered"),
        exclusions=tuple(data.get("exclusions", ())),
        window_ms=data.get("window_seconds", WINDOW_SECONDS) * 1000,
    )
