"""Compiles filters to functions over profiles: the value at a moment, and the moments of change."""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daybook.segments.filters.names import names
from daybook.segments.filters.profile import (
    ANY_EVENT,
    Cuts,
    Profile,
    cut_of_attribute,
    cut_of_event,
    cuts,
    kind,
    moments_of_cuts,
)
from daybook.segments.filters.windows import Window, window

Test = Callable[[Profile, int, Cuts], bool]
Combine = Callable[[Sequence[bool]], bool]
Node = Mapping[str, Any]


class Turns(NamedTuple):
    """Moments at which a condition may change: the times, in order, and the end of each's window if
    there is one."""

    times: Callable[[Profile], Sequence[int]]
    within: Window | None = None

    def all(self, profile: Profile) -> Iterator[int]:
        """All of them, in no order."""
        times = self.times(profile)
        yield from times
        if self.within is not None:
            yield from map(self.within.end, times)

    def next(self, profile: Profile, t: int) -> int | None:
        """The first one after t."""
        times = self.times(profile)
        if not times:
            return None
        place = bisect_right(times, t)
        following = times[place] if place < len(times) else None
        if self.within is None:
            return following
        counting = bisect_left(times, self.within.first(t))
        if counting >= place:
            return following
        end = self.within.end(times[counting])
        return end if following is None else min(end, following)

    def between(self, profile: Profile, after: int, until: int) -> Sequence[int]:
        """Those in (after, until], in no order."""
        times = self.times(profile)
        if not times:
            return ()
        found = times[bisect_right(times, after) : bisect_right(times, until)]
        if self.within is None:
            return found
        first, end = self.within.first, self.within.end
        ended = times[bisect_left(times, first(after)) : bisect_left(times, first(until))]
        return [*found, *map(end, ended)] if ended else found


class Condition:
    """A condition, compiled: its value at a moment, and the moments at which it may change, beside
    those of consent and the account. Segments that ask for the same share it."""

    __slots__ = ("test", "turns")

    def __init__(self, test: Test, *turns: Turns) -> None:
        self.test = test
        self.turns = turns

    def next(self, profile: Profile, t: int) -> int | None:
        """The first moment after t; None if there is none."""
        found = [at for turns in self.turns if (at := turns.next(profile, t)) is not None]
        return min(found) if found else None


class Matcher:
    """Filters without references to other segments, compiled for a zone.

    The value at t is a function of the profile's facts up to t. It changes at `moments` only.
    `names` are what it depends on. `combine` gives it from the values of `conditions`, which begin
    at place 1: at 0 is whether the person may match anything.
    """

    def __init__(self, filters: Node, zone: ZoneInfo) -> None:
        conditions: list[Condition] = []
        self.combine = _compile(filters, zone, conditions)
        self.conditions = tuple(conditions)
        self.names = frozenset(names(filters))

    def value(self, profile: Profile, t: int) -> bool:
        """Whether the person matches at t. Nobody does before they were first seen."""
        first_seen = profile["first_seen"]
        if first_seen is None or first_seen > t:
            return False
        counting = cuts(profile, t)
        if counting is None:
            return False
        values = [one.test(profile, t, counting) for one in self.conditions]
        return self.combine([True, *values])

    def moments(self, profile: Profile) -> set[int]:
        """All moments at which the value may change."""
        found = set(moments_of_cuts(profile))
        for condition in self.conditions:
            for turns in condition.turns:
                found.update(turns.all(profile))
        return found


def _compile(node: Node, zone: ZoneInfo, conditions: list[Condition]) -> Combine:
    """Adds the conditions of a tree, and gives its value from theirs."""
    match node:
        case {"all": parts}:
            return _branch([_compile(part, zone, conditions) for part in parts], until=False)
        case {"any": parts}:
            return _branch([_compile(part, zone, conditions) for part in parts], until=True)
        case {"not": part}:
            negated = _compile(part, zone, conditions)
            return lambda values: not negated(values)
    conditions.append(_condition(json.dumps(node, sort_keys=True), zone))
    return itemgetter(len(conditions))


def _branch(parts: Sequence[Combine], *, until: bool) -> Combine:
    """Asks the parts until one has this value, which is then that of the branch."""

    def combine(values: Sequence[bool]) -> bool:
        # `any` and `all` over a generator take twice as long.
        for part in parts:  # noqa: SIM110
            if part(values) is until:
                return until
        return not until

    return combine


@lru_cache(2**14)
def _condition(text: str, zone: ZoneInfo) -> Condition:
    node = json.loads(text)
    match node:
        case {"event": _}:
            return _behaviour(node, window(node.get("within"), zone))
        case {"attribute": _}:
            return _attribute(node)
        case {"seen": which, "within": within}:
            return _seen(which, window(within, zone))
        case {"orders": _} | {"revenue": _}:
            return _of_orders(node, window(node.get("within"), zone))
    raise ValueError(f"no condition: {', '.join(node)}")


def compare(count: Mapping[str, int]) -> Callable[[int], bool]:
    """The comparison of a `count`, or of an amount."""
    match count:
        case {"at_least": least}:
            return lambda number: number >= least
        case {"at_most": most}:
            return lambda number: number <= most
        case {"exactly": exact}:
            return lambda number: number == exact
    raise ValueError(f"no comparison: {', '.join(count)}")


def _behaviour(node: Node, within: Window) -> Condition:
    event_type = node["event"]
    name, then_not = kind(event_type, node.get("where")), node.get("then_not")
    is_enough = compare(node.get("count", {"at_least": 1}))
    undone = kind(then_not) if then_not else None
    cut, undone_cut = cut_of_event(event_type), cut_of_event(then_not or event_type)
    is_none_enough = is_enough(0)

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        events = profile["events"]
        times = events.get(name)
        if times is None:
            return is_none_enough
        end = bisect_right(times, t)
        number = max(0, end - bisect_left(times, max(within.first(t), c[cut] + 1)))
        if not is_enough(number):
            return False
        others = events.get(undone) if number else None
        if others is None:
            return True
        since = max(times[end - 1], c[undone_cut] + 1)
        return bisect_left(others, since) == bisect_right(others, t)

    turns = [Turns(_times_of(name), within)]
    if undone is not None:
        turns.append(Turns(_times_of(undone)))
    return Condition(test, *turns)


def _times_of(name: str) -> Callable[[Profile], Sequence[int]]:
    return lambda profile: profile["events"].get(name, ())


def _attribute(node: Node) -> Condition:
    name = node["attribute"]
    is_wanted, cut = _is_wanted(node), cut_of_attribute(name)

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        for at, value in reversed(profile["attributes"].get(name, ())):
            if at <= t:
                return is_wanted(value if at > c[cut] else None)
        return is_wanted(None)

    turns = Turns(lambda profile: [at for at, _ in profile["attributes"].get(name, ())])
    return Condition(test, turns)


def _is_wanted(node: Node) -> Callable[[str | None], bool]:
    """`is_not` and `not_in` are the opposites of `is` and `in`: no value is another value."""
    match node:
        case {"is": value}:
            return lambda found: found == value
        case {"is_not": value}:
            return lambda found: found != value
        case {"in": values}:
            return lambda found: found in values
        case {"not_in": values}:
            return lambda found: found not in values
        case {"exists": exists}:
            return lambda found: (found is not None) == exists
    raise ValueError(f"no comparison: {', '.join(node)}")


def _seen(which: str, within: Window) -> Condition:
    def times(profile: Profile) -> Any:
        if which == "last":
            return profile["events"].get(ANY_EVENT, ())
        # A visitor whose facts a user has taken over was never seen.
        return () if profile["first_seen"] is None else (profile["first_seen"],)

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        seen = times(profile)
        return bisect_left(seen, within.first(t)) < bisect_right(seen, t)

    return Condition(test, Turns(times, within))


def _of_orders(node: Node, within: Window) -> Condition:
    product, amount = node.get("product"), node.get("revenue")
    is_enough = compare(node["orders"] if amount is None else amount)

    def paid(profile: Profile) -> Iterator[Node]:
        for order in profile["orders"].values():
            if order["paid_at"] is None:
                continue
            if product is not None and product not in order["products"]:
                continue
            if amount is None or amount["currency"] == order["currency"]:
                yield order

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        first, total = max(within.first(t), c.anything + 1), 0
        for order in paid(profile):
            if first <= order["paid_at"] <= t:
                refunded = sum(cents for at, cents in order["refunds"] if at <= t)
                left = max(0, order["cents"] - refunded)
                total += left if amount else not refunded or left > 0
        return is_enough(total)

    def paid_at(profile: Profile) -> Sequence[int]:
        return sorted(order["paid_at"] for order in paid(profile))

    def refunded_at(profile: Profile) -> Sequence[int]:
        return sorted(at for order in paid(profile) for at, _ in order["refunds"])

    return Condition(test, Turns(paid_at, within), Turns(refunded_at))
