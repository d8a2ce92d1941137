"""What the value of filters depends on, by name: kinds of events, attributes, and orders."""

from collections.abc import Mapping
from typing import Any

from daybook.segments.filters.profile import ANY_EVENT, kind

ORDERS = "orders"
"""What conditions about orders and revenue depend on."""
FIRST_SEEN = "first seen"
"""What conditions about a person's first event depend on."""
EVERYTHING = "everything"
"""Stands for all names, consent, the account and when a person was first seen."""


def attribute(name: str) -> str:
    """The name of an attribute, which no kind of event has."""
    return f"attribute {name}"


def names(node: Mapping[str, Any]) -> set[str]:
    """All that the value of filters depends on, beside consent and the account."""
    match node:
        case {"all": parts} | {"any": parts}:
            return set[str]().union(*map(names, parts))
        case {"not": part}:
            return names(part)
        case {"event": event_type}:
            found = {kind(event_type, node.get("where"))}
            return found | ({kind(node["then_not"])} if "then_not" in node else set())
        case {"attribute": name}:
            return {attribute(name)}
        case {"seen": which}:
            return {FIRST_SEEN if which == "first" else ANY_EVENT}
    return {ORDERS}
