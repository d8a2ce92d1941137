"""The expressions that add to maps and decide who is let in; they vary by a map's shape only."""

from typing import NamedTuple

from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled, plus

OTHER = "other"
REFUSED = "_daybook.refused"
"""While an update is worked out: for each gate, the keys of the change that are not let in."""
GROWN = "_daybook.grown"
"""Likewise the maps with what is added, by the number of their shape and their own."""

EMPTY_BYTES = 5
"""What an empty object takes in BSON."""

_TO_THE_END = 2**31 - 1


class Shape(NamedTuple):
    """What the keys of a map have: a number, or an object of `parts`, perhaps with a name.

    `sparse`: some key is given some of the parts only, and does not get the others.
    """

    parts: tuple[str, ...] = ()
    named: bool = False
    sparse: bool = False


def refused(gates: list[Stage]) -> Expression:
    """In the order of `gates`, the keys of each that find no room.

    A gate is `now`, its map; `was`, what it has of the keys that ask; `rest`, what is in `other`;
    and of the change `asks`, an object of those keys in their order. A map of at most `roomy`
    bytes has room for all of them, so that the keys of most maps are never counted.
    """
    return {"$map": {"input": gates, "as": "m", "in": _REFUSED_BY_ONE}}


_IS_ROOMY = {"$lte": [{"$ifNull": [{"$bsonSize": "$$m.now"}, EMPTY_BYTES]}, "$$m.more.roomy"]}
_HAS_THEM_ALL = {"$not": {"$in": [None, "$$m.was"]}}
_NAMED = {"$size": {"$objectToArray": {"$ifNull": ["$$m.now", {}]}}}
_HAS_OTHER = {"$cond": [{"$eq": [{"$type": "$$m.rest"}, "missing"]}, 0, 1]}
# Merged, known keys stay where they are and new ones follow in the order in which they ask.
_THEN_NAMED = {"$objectToArray": {"$mergeObjects": ["$$m.now", "$$m.more.asks"]}}
_PAST_THE_LAST = {"$max": [_NAMED, {"$add": ["$$m.more.max", _HAS_OTHER]}]}
_REFUSED_BY_ONE = compiled(
    {
        "$cond": [
            {"$or": [_IS_ROOMY, _HAS_THEM_ALL]},
            [],
            {
                "$map": {
                    "input": {"$slice": [_THEN_NAMED, _PAST_THE_LAST, _TO_THE_END]},
                    "in": "$$this.k",
                }
            },
        ]
    }
)


def grown(shape: Shape, maps: list[Stage]) -> Expression:
    """By its number `i`, each map with what is added.

    A map is `now`; `was`, what its keys had that the change adds to; `rest`, what is in `other`;
    and of the change `add`, a list of keys `k` and values `v` alongside `was`, and `gate`, which
    of the refused lists is about its keys.
    """
    return {"$arrayToObject": {"$map": {"input": maps, "as": "m", "in": _grown_one(shape)}}}


@cached
def _grown_one(shape: Shape) -> Expression:
    both = {"$zip": {"inputs": ["$$m.was", "$$m.more.add"]}}
    # An array is more than an empty one, and than null, where nobody had to ask.
    pairs = {"$cond": [{"$gt": ["$$gone", []]}, _without_refused(shape, both), both]}
    entries = {
        "$map": {
            "input": pairs,
            "in": {
                "$let": {
                    "vars": {"was": {"$first": "$$this"}, "add": {"$last": "$$this"}},
                    "in": {"k": "$$add.k", "v": _entry(shape)},
                }
            },
        }
    }
    with_entries = {
        "$let": {
            "vars": {"gone": {"$arrayElemAt": [f"${REFUSED}", "$$m.more.gate"]}},
            "in": {"$mergeObjects": ["$$m.now", {"$arrayToObject": entries}]},
        }
    }
    return compiled({"k": "$$m.more.i", "v": with_entries})


def _without_refused(shape: Shape, pairs: Expression) -> Expression:
    """The pairs of the keys that are let in, and one of `other` if there is need."""
    key = {"$let": {"vars": {"add": {"$last": "$$this"}}, "in": "$$add.k"}}
    let_in = {"$filter": {"input": pairs, "cond": {"$not": {"$in": [key, "$$gone"]}}}}
    away = {"$filter": {"input": "$$m.more.add", "cond": {"$in": ["$$this.k", "$$gone"]}}}
    sums: Expression = {part: {"$sum": f"$$away.v.{part}"} for part in shape.parts}
    other = [["$$m.rest", {"k": OTHER, "v": sums if shape.parts else {"$sum": "$$away.v"}}]]
    kept = {"$cond": [{"$eq": ["$$away", []]}, [], other]}
    return {"$concatArrays": [let_in, {"$let": {"vars": {"away": away}, "in": kept}}]}


def _entry(shape: Shape) -> Expression:
    if not shape.parts:
        return plus("$$was", "$$add.v")
    entry: Stage = {}
    for part in shape.parts:
        total = plus(f"$$was.{part}", f"$$add.v.{part}")
        is_given = {"$ne": [{"$type": f"$$add.v.{part}"}, "missing"]}
        entry[part] = {"$cond": [is_given, total, f"$$was.{part}"]} if shape.sparse else total
    if shape.named:
        # Nulls do not count in $max, and texts compare by code point.
        entry["name"] = {"$max": ["$$was.name", "$$add.name"]}
    return {"$mergeObjects": ["$$was", entry]}
