"""Compiles filters to functions over profiles: the value at a moment, and the moments of change."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from daybook.segments.filters.profile import ANY_EVENT, Cuts, Profile, cuts, kind, moments_of_cuts
from daybook.segments.filters.windows import Window, window

Test = Callable[[Profile, int, Cuts], bool]
Moments = Callable[[Profile], Iterator[int]]
Node = Mapping[str, Any]


class _Compiled(NamedTuple):
    test: Test
    moments: tuple[Moments, ...]


class Matcher:
    """Filters without references to other segments, compiled for a zone.

    The value at t is a function of the profile's facts up to t. It changes at `moments` only.
    """

    def __init__(self, filters: Node, zone: ZoneInfo) -> None:
        self._compiled = _compile(filters, zone)

    def value(self, profile: Profile, t: int) -> bool:
        """Whether the person matches at t. Nobody does before they were first seen."""
        first_seen = profile["first_seen"]
        if first_seen is None or first_seen > t:
            return False
        counting = cuts(profile, t)
        return counting is not None and self._compiled.test(profile, t, counting)

    def moments(self, profile: Profile) -> set[int]:
        """All moments at which the value may change."""
        found = set(moments_of_cuts(profile))
        for moments in self._compiled.moments:
            found.update(moments(profile))
        return found


def _compile(node: Node, zone: ZoneInfo) -> _Compiled:
    match node:
        case {"all": parts}:
            return _branch(parts, zone, all)
        case {"any": parts}:
            return _branch(parts, zone, any)
        case {"not": part}:
            test, moments = _compile(part, zone)
            return _Compiled(lambda profile, t, c: not test(profile, t, c), moments)
        case {"event": _}:
            return _behaviour(node, zone)
        case {"attribute": _}:
            return _attribute(node)
        case {"seen": which, "within": within}:
            return _seen(which, window(within, zone))
        case {"orders": _} | {"revenue": _}:
            return _of_orders(node, window(node.get("within"), zone))
    raise ValueError(f"no condition: {', '.join(node)}")


def _branch(
    parts: list[Node], zone: ZoneInfo, combine: Callable[[Iterator[bool]], bool]
) -> _Compiled:
    compiled = [_compile(part, zone) for part in parts]
    tests = [one.test for one in compiled]
    moments = tuple(moments for one in compiled for moments in one.moments)
    return _Compiled(lambda profile, t, c: combine(test(profile, t, c) for test in tests), moments)


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


def _behaviour(node: Node, zone: ZoneInfo) -> _Compiled:
    event_type, within = node["event"], window(node.get("within"), zone)
    name, then_not = kind(event_type, node.get("where")), node.get("then_not")
    is_enough = compare(node.get("count", {"at_least": 1}))
    undone = kind(then_not) if then_not else None

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        times = profile["events"].get(name, ())
        first = max(within.first(t), c.of_event(event_type) + 1)
        end = bisect_right(times, t)
        number = max(0, end - bisect_left(times, first))
        if not is_enough(number):
            return False
        if then_not is None or not number:
            return True
        since = max(times[end - 1], c.of_event(then_not) + 1)
        others = profile["events"].get(undone or "", ())
        return bisect_left(others, since) == bisect_right(others, t)

    def moments(profile: Profile) -> Iterator[int]:
        yield from _in_and_out(profile["events"].get(name, ()), within)
        yield from profile["events"].get(undone, ())

    return _Compiled(test, (moments,))


def _in_and_out(times: Any, within: Window) -> Iterator[int]:
    for at in times:
        yield at
        yield within.end(at)


def _attribute(node: Node) -> _Compiled:
    name = node["attribute"]
    is_wanted = _is_wanted(node)

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        value = None
        for at, newer in profile["attributes"].get(name, ()):
            if at > t:
                break
            value = newer if at > c.of_attribute(name) else None
        return is_wanted(value)

    def moments(profile: Profile) -> Iterator[int]:
        return (at for at, _ in profile["attributes"].get(name, ()))

    return _Compiled(test, (moments,))


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


def _seen(which: str, within: Window) -> _Compiled:
    def times(profile: Profile) -> Any:
        if which == "last":
            return profile["events"].get(ANY_EVENT, ())
        # A visitor whose facts a user has taken over was never seen.
        return () if profile["first_seen"] is None else (profile["first_seen"],)

    def test(profile: Profile, t: int, c: Cuts) -> bool:
        seen = times(profile)
        return bisect_left(seen, within.first(t)) < bisect_right(seen, t)

    return _Compiled(test, (lambda profile: _in_and_out(times(profile), within),))


def _of_orders(node: Node, within: Window) -> _Compiled:
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

    def moments(profile: Profile) -> Iterator[int]:
        for order in paid(profile):
            yield from _in_and_out((order["paid_at"],), within)
            yield from (at for at, _ in order["refunds"])

    return _Compiled(test, (moments,))
