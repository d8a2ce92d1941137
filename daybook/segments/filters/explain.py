"""Explains a person's membership: each condition, since when it holds or not, and until when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from daybook.segments.filters.matcher import Matcher
from daybook.segments.filters.profile import Profile

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """A node of the filters at a moment t.

    `text` is its condition in words; `since` is when its value became what it is, None if it always
    was; `until` is the next moment at which it will be another if nothing happens, None if never.
    Times are milliseconds since 1970.
    """

    text: str
    value: bool
    since: int | None
    until: int | None
    parts: tuple["Explained", ...] = ()

    def lines(self, depth: int = 0) -> Iterator[tuple[int, "Explained"]]:
        """This node and all beneath it, each with its depth."""
        yield depth, self
        for part in self.parts:
            yield from part.lines(depth + 1)


def explain(filters: Node, profile: Profile, t: int, zone: ZoneInfo) -> Explained:
    """Explains resolved filters. Without consent, and before being first seen, nobody matches any
    condition, nor its opposite."""
    matcher = Matcher(filters, zone)
    value, since, until = matcher.value(profile, t), None, None
    for moment in sorted(matcher.moments(profile)):
        if moment <= t and matcher.value(profile, moment) != matcher.value(profile, moment - 1):
            since = moment
        if moment > t and matcher.value(profile, moment) != value:
            until = moment
            break
    parts = tuple(explain(part, profile, t, zone) for part in _parts(filters))
    return Explained(describe(filters), value, since, until, parts)


def _parts(node: Node) -> list[Node]:
    match node:
        case {"all": parts} | {"any": parts}:
            return list(parts)
        case {"not": part}:
            return [part]
    return []


def describe(node: Node) -> str:
    """A condition in words; of a combination, how its parts are combined."""
    match node:
        case {"all": _}:
            return "all of"
        case {"any": _}:
            return "any of"
        case {"not": _}:
            return "not"
        case {"event": event_type}:
            where = "".join(f" with {name} {value}" for name, value in _where(node))
            then = f", then no {node['then_not']}" if "then_not" in node else ""
            count = _count(node.get("count", {"at_least": 1}))
            return f"{count} {event_type}{where}{_within(node)}{then}"
        case {"attribute": name}:
            return f"{name} {_compared(node)}"
        case {"seen": which}:
            return f"{which} seen{_within(node)}"
        case {"orders": count}:
            product = f" of {node['product']}" if "product" in node else ""
            return f"{_count(count)} paid orders{product}{_within(node)}"
        case {"revenue": amount}:
            currency = amount["currency"]
            compared = {name: cents for name, cents in amount.items() if name != "currency"}
            return f"revenue {_count(compared)} minor units of {currency}{_within(node)}"
    raise ValueError(f"no condition: {', '.join(node)}")


def _where(node: Node) -> list[tuple[str, str]]:
    return list(node.get("where", {}).items())


def _within(node: Node) -> str:
    return f" within {node['within']}" if "within" in node else ""


def _count(count: Mapping[str, int]) -> str:
    ((name, number),) = count.items()
    return f"{name.replace('_', ' ')} {number}"


def _compared(node: Node) -> str:
    ((operator, value),) = ((name, node[name]) for name in node if name != "attribute")
    if operator == "exists":
        return "is known" if value else "is not known"
    text = ", ".join(value) if isinstance(value, list) else value
    return f"{operator.replace('_', ' ')} {text}"
