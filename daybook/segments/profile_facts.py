"""Folds items into a person's profile: its facts are a set, whatever the order they arrive in."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, NamedTuple

from daybook.engine.documents.keys import encode_key
from daybook.segments.facts import Facts
from daybook.segments.filters.names import EVERYTHING, ORDERS, attribute
from daybook.segments.filters.profile import (
    ACCOUNT_ATTRIBUTES,
    ANY_EVENT,
    DELETED,
    OPENED,
    WITHDRAWN,
    kind,
)
from schemas.filters import TRACKED

TIMES_MAX = 100
VALUES_MAX = 20
KINDS_MAX = 500
ORDERS_MAX = 1_000
CHANGES_MAX = 200
"""Of a profile: the newest times of a kind, and values of an attribute; the first kinds; the orders
paid last; the newest changes of consent and of the account."""

Profile = MutableMapping[str, Any]

_TRACKED_TYPES = frozenset(map(kind, TRACKED))
_SEEN = ("account", "tracked")
_FACTS = ("seen", "events", "attributes", "orders", "consent", "account")


class Origin(NamedTuple):
    """The partition of a source topic that an item comes from."""

    topic_id: str
    partition: int


class Sent(NamedTuple):
    """Facts for another person of the organization."""

    person: str
    facts: Facts


def new_profile() -> dict[str, Any]:
    """The facts of a person of whom nothing is known.

    `seen` has the first times of what was tracked and of anything else, which are cut apart. `late`
    names what is not any more as it was evaluated, up to `evaluated_to`: kinds, attributes, orders,
    or everything, as it is without the field.
    """
    return {
        "first_seen": None,
        "seen": {},
        "events": {},
        "attributes": {},
        "orders": {},
        "consent": [],
        "account": [],
        "visitors": [],
        "into": None,
        "truncated": 0,
        "applied": {},
        "late": [],
        "evaluated_to": -1,
    }


def apply(
    profile: Profile, person: str, facts: Facts, origin: Origin | None, offset: int
) -> Iterator[Sent]:
    """Adds an item to the profile, and yields what must be sent on.

    Items at or below the offset that is applied of their origin are skipped. Without an origin, the
    item was sent on by the profile of a visitor: `merge` is taken once a visitor, and anything else
    may be repeated without harm.
    """
    if origin is not None:
        applied = profile["applied"].setdefault(origin.topic_id, {})
        if offset <= applied.get(str(origin.partition), -1):
            return
        applied[str(origin.partition)] = offset
    if "join" in facts:
        yield Sent(facts["join"], {"merge": _facts_of(profile), "visitor": person})
        profile["into"] = facts["join"]
        profile.update({name: type(profile[name])() for name in _FACTS})
        _mark_late(profile, EVERYTHING)
    elif "merge" in facts:
        if facts["visitor"] not in profile["visitors"]:
            profile["visitors"] = sorted([*profile["visitors"], facts["visitor"]])
            _merge(profile, facts["merge"])
            _mark_late(profile, EVERYTHING)
    elif profile["into"] is not None:
        if "order" in facts:
            facts = facts | {"order": facts["order"] | {"version": _version(facts, offset)}}
        yield Sent(profile["into"], facts)
    else:
        _add(profile, facts, offset)
    first_seen = profile["first_seen"]
    if profile["consent"] or profile["account"]:
        _forget(profile)
    profile["first_seen"] = min(profile["seen"].values(), default=None)
    if profile["first_seen"] != first_seen:
        _mark_late(profile, EVERYTHING)


def _mark_late(profile: Profile, name: str) -> None:
    """Notes what is not as it was evaluated any more. Nothing is while nothing was evaluated."""
    late = profile.get("late")
    if late is not None and name not in late and profile["evaluated_to"] >= 0:
        profile["late"] = [*late, name]


def oldest_where_cut(profile: Profile) -> dict[str, int]:
    """Of what has no more room in the profile, by name: the oldest time that is kept."""
    found = {name: times[0] for name, times in profile["events"].items() if len(times) >= TIMES_MAX}
    for name, values in profile["attributes"].items():
        if len(values) >= VALUES_MAX:
            found[attribute(name)] = values[0][0]
    if len(profile["orders"]) >= ORDERS_MAX:
        found[ORDERS] = min(order["paid_at"] for order in profile["orders"].values())
    return found


def _facts_of(profile: Profile) -> Facts:
    return {name: profile[name] for name in ("truncated", *_FACTS)}


def _version(facts: Facts, offset: int) -> int:
    return int(facts["order"].get("version", offset))


def _add(profile: Profile, facts: Facts, offset: int) -> None:
    at: int = facts["at"]
    for name in facts.get("did", ()):
        _add_time(profile, name, at)
    for event_type, before in facts.get("before", ()):
        _add_time(profile, kind(event_type), before)
        _add_time(profile, ANY_EVENT, before)
    attributes = facts.get("attributes", {})
    for name, value in attributes.items():
        _add_value(profile, name, [at, value])
    for is_tracked in {name not in ACCOUNT_ATTRIBUTES for name in attributes}:
        _see(profile, at, is_tracked=is_tracked)
    for name in ("consent", "account"):
        if name in facts:
            _add_newest(profile[name], [at, facts[name]], CHANGES_MAX)
            _mark_late(profile, EVERYTHING)
    if "order" in facts:
        order = {name: value for name, value in facts["order"].items() if name != "id"}
        key = encode_key(facts["order"]["id"])
        _add_order(profile, key, order | {"version": _version(facts, offset)})
        _see(profile, order["paid_at"], is_tracked=False)
    if facts.get("account") == OPENED:
        _see(profile, at, is_tracked=False)


def _see(profile: Profile, at: int, *, is_tracked: bool) -> None:
    name, seen = _SEEN[is_tracked], profile["seen"]
    if at < seen.get(name, at + 1):
        seen[name] = at


def _add_time(profile: Profile, name: str, at: int) -> None:
    if name != ANY_EVENT:
        _see(profile, at, is_tracked=_is_tracked(name))
    times = profile["events"].get(name)
    if times is None:
        if len(profile["events"]) >= KINDS_MAX:
            profile["truncated"] += 1
            return
        times = profile["events"][name] = []
    if _add_newest(times, at, TIMES_MAX) or at <= profile["evaluated_to"]:
        _mark_late(profile, name)


def _add_value(profile: Profile, name: str, value: list[Any]) -> None:
    values = profile["attributes"].setdefault(name, [])
    if _add_newest(values, value, VALUES_MAX) or value[0] <= profile["evaluated_to"]:
        _mark_late(profile, attribute(name))


def _add_newest(kept: list[Any], new: Any, most: int) -> bool:
    """Adds to an ordered list without repetitions, of which the greatest are kept. Returns whether
    one had to go."""
    if not kept or new > kept[-1]:
        kept.append(new)
    else:
        place = bisect_right(kept, new)
        if place and kept[place - 1] == new:
            return False
        kept.insert(place, new)
    if len(kept) <= most:
        return False
    del kept[:-most]
    return True


def _add_order(profile: Profile, key: str, order: dict[str, Any]) -> None:
    orders = profile["orders"]
    if key in orders and orders[key]["version"] >= order["version"]:
        return
    evaluated_to = profile["evaluated_to"]
    if _until(orders.get(key), evaluated_to) != _until(order, evaluated_to):
        _mark_late(profile, ORDERS)
    orders[key] = order
    if len(orders) > ORDERS_MAX:
        del orders[min(orders, key=lambda one: (orders[one]["paid_at"], one))]
        profile["truncated"] += 1
        _mark_late(profile, ORDERS)


def _until(order: Mapping[str, Any] | None, at: int) -> Any:
    """What an order came to at a moment; None if it was not paid by then."""
    if order is None or order["paid_at"] > at:
        return None
    refunds = [[refunded, cents] for refunded, cents in order["refunds"] if refunded <= at]
    return {**order, "refunds": refunds, "version": None}


def _merge(profile: Profile, facts: Mapping[str, Any]) -> None:
    for name, times in facts["events"].items():
        for at in times:
            _add_time(profile, name, at)
    for name, values in facts["attributes"].items():
        for value in values:
            _add_value(profile, name, value)
    for name in ("consent", "account"):
        for change in facts[name]:
            _add_newest(profile[name], change, CHANGES_MAX)
    for key, order in facts["orders"].items():
        _add_order(profile, key, order)
    profile["truncated"] += facts["truncated"]
    for name, at in facts["seen"].items():
        _see(profile, at, is_tracked=bool(_SEEN.index(name)))


def _forget(profile: Profile) -> None:
    """Removes for good what the newest withdrawal or deletion takes back."""
    withdrawn = _newest(profile["consent"], WITHDRAWN)
    deleted = _newest(profile["account"], DELETED)
    if withdrawn is None and deleted is None:
        return
    everything = -1 if deleted is None else deleted
    tracked = max(everything, -1 if withdrawn is None else withdrawn)
    profile["events"] = {
        name: kept
        for name, times in profile["events"].items()
        if (kept := times[bisect_right(times, tracked if _is_tracked(name) else everything) :])
    }
    profile["attributes"] = {
        name: kept
        for name, values in profile["attributes"].items()
        if (kept := [v for v in values if v[0] > _cut(name, tracked, everything)])
    }
    profile["orders"] = {
        key: order for key, order in profile["orders"].items() if order["paid_at"] > everything
    }
    for name, cut in zip(_SEEN, (everything, tracked), strict=True):
        if profile["seen"].get(name, cut + 1) <= cut:
            del profile["seen"][name]
            for at, is_tracked in _times(profile):
                if name == _SEEN[is_tracked] and at > cut:
                    _see(profile, at, is_tracked=is_tracked)


def _newest(changes: list[Any], what: str) -> int | None:
    return max((at for at, which in changes if which == what), default=None)


@lru_cache(2**14)
def _is_tracked(name: str) -> bool:
    """Whether a kind is one of visitors' events; `*` holds all events, and is cut as they are."""
    return name.partition("|")[0] in _TRACKED_TYPES or name == ANY_EVENT


def _cut(attribute: str, tracked: int, everything: int) -> int:
    return everything if attribute in ACCOUNT_ATTRIBUTES else tracked


def _times(profile: Profile) -> Iterator[tuple[int, bool]]:
    """Each first time that is kept, and whether it was tracked."""
    for name, times in profile["events"].items():
        if name != ANY_EVENT:
            yield times[0], _is_tracked(name)
    for name, values in profile["attributes"].items():
        yield values[0][0], name not in ACCOUNT_ATTRIBUTES
    for order in profile["orders"].values():
        yield order["paid_at"], False
    for at, what in profile["account"]:
        if what == OPENED:
            yield at, False
