"""The repository's stored examples of events, and every way to replace one of their leaves."""

import json
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import consumers
from schemas.catalogue import source, topic_name
from schemas.json_schema import events, examples, topics

Path = tuple[str | int, ...]
"""The names and indexes that lead to a value within an event."""


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a topic's event, with its message key."""

    entry: str
    event: dict[str, Any]
    key: str

    def key_of(self, event: dict[str, Any]) -> str:
        """The key of a changed copy, as long as it still has one."""
        try:
            key: object = source(self.entry).key_of(event)
        except (KeyError, TypeError, IndexError):
            return self.key
        return key if isinstance(key, str) else self.key

    def fresh(self) -> dict[str, Any]:
        """A copy with an `event_id` of its own, so that it is no duplicate."""
        return deepcopy(self.event) | {"event_id": str(uuid.uuid4())}


def stored_examples() -> Iterator[Example]:
    """Every example of every topic and type that others than the fleet publish.

    Whoever may write to a topic that the fleet itself produces can say anything in its name.
    """
    own = {topic for group in consumers.FLEET for topic in group.produces}
    for entry in topics():
        if topic_name(entry) in own:
            continue
        for event_type in events(entry):
            folder: FilePath = examples(entry) / event_type
            for path in sorted(folder.glob("*.json")):
                event = json.loads(path.read_bytes())
                yield Example(entry, event, source(entry).key_of(event))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """The paths and values of everything that is no object and no list, and of both if empty."""
    match value:
        case dict() if value:
            for name, item in value.items():
                yield from leaves(item, (*path, name))
        case list() if value:
            for index, item in enumerate(value):
                yield from leaves(item, (*path, index))
        case _:
            yield path, value


def replaced(event: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy of the event with another value at the path."""
    copy: Any = deepcopy(event)
    parent = copy
    for name in path[:-1]:
        parent = parent[name]
    parent[path[-1]] = value
    return dict(copy)
