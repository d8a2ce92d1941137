"""The expressions that add to maps and refuse keys beyond the limit, one for each map shape."""

from typing import NamedTuple

from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled, plus

OTHER = "other"
ALWAYS_ACCEPTED = ("unattributed", "direct", "exit", OTHER)
REFUSED = "_daybook.refused"
"""A temporary field during an update: for each gate, the keys of the change that are refused."""
FULL = "_daybook.full"
"""Set for good once a change did not fit into the document: then its maps take no new keys."""
GROWN = "_daybook.grown"
"""A temporary field: the maps after adding, by the number of their shape and their own number."""

EMPTY_BYTES = 5
"""The BSON size of an empty object."""

_TO_THE_END = 2**31 - 1


class Shape(NamedTuple):
    """The form of a map's values: a number, or an object of `parts`, with a name if `named`.

    `sparse`: the change adds only some of the parts to some key, which does not get the others.
    """

    parts: tuple[str, ...] = ()
    named: bool = False
    sparse: bool = False


def is_full(bytes_left: int) -> Expression:
    """Whether the document is full: it was before, or is now larger than `bytes_left`."""
    no_room = {"$gt": [{"$bsonSize": "$$ROOT"}, bytes_left]}
    return {"$cond": [{"$or": [f"${FULL}", no_room]}, True, "$$REMOVE"]}


def refused(gates: list[Stage]) -> Expression:
    """The refused keys of each gate, in the order of `gates`.

    A gate has `now`, its map; `was`, the stored values of the change's keys; `rest`, the stored
    value of `other`; and under `more`, from the change: `asks`, an object of its keys in order;
    `max`, the limit of keys; and `roomy`: a map of at most so many bytes has room for all of the
    keys, so that the keys of most maps need not be counted. In a full document, `grown` refuses.
    """
    return {"$map": {"input": gates, "as": "m", "in": _REFUSED_BY_ONE}}


_IS_ROOMY = {"$lte": [{"$ifNull": [{"$bsonSize": "$$m.now"}, EMPTY_BYTES]}, "$$m.more.roomy"]}
_HAS_ALL_KEYS = {"$not": {"$in": [None, "$$m.was"]}}
_KEY_COUNT = {"$size": {"$objectToArray": {"$ifNull": ["$$m.now", {}]}}}
_HAS_OTHER = {"$cond": [{"$eq": [{"$type": "$$m.rest"}, "missing"]}, 0, 1]}
# $mergeObjects keeps existing keys in place and appends new ones in the order of `asks`.
_MERGED_KEYS = {"$objectToArray": {"$mergeObjects": ["$$m.now", "$$m.more.asks"]}}
_FIRST_REFUSED = {"$max": [_KEY_COUNT, {"$add": ["$$m.more.max", _HAS_OTHER]}]}
_REFUSED_BY_ONE = compiled(
    {
        "$cond": [
            {"$or": [_IS_ROOMY, _HAS_ALL_KEYS]},
            [],
            {
                "$map": {
                    "input": {"$slice": [_MERGED_KEYS, _FIRST_REFUSED, _TO_THE_END]},
                    "in": "$$this.k",
                }
            },
        ]
    }
)


def grown(shape: Shape, maps: list[Stage]) -> Expression:
    """Each map after adding, by its number `i`.

    A map has `now`; `was`, the stored values of the change's keys; `rest`, the stored value of
    `other`; and under `more`, from the change: `add`, a list of keys `k` and values `v` parallel to
    `was`, and `gate`, the index of its list of refused keys.
    """
    return {"$arrayToObject": {"$map": {"input": maps, "as": "m", "in": _grown_one(shape)}}}


@cached
def _grown_one(shape: Shape) -> Expression:
    both = {"$zip": {"inputs": ["$$m.was", "$$m.more.add"]}}
    # True for a non-empty array only: null (a map without a gate) compares as less.
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
    by_number = {"$arrayElemAt": [f"${REFUSED}", "$$m.more.gate"]}
    with_entries = {
        "$let": {
            "vars": {"gone": {"$cond": [f"${FULL}", _absent(both), by_number]}},
            "in": {"$mergeObjects": ["$$m.now", {"$arrayToObject": entries}]},
        }
    }
    return compiled({"k": "$$m.more.i", "v": with_entries})


_KEY = {"$let": {"vars": {"add": {"$last": "$$this"}}, "in": "$$add.k"}}


def _absent(pairs: Expression) -> Expression:
    """The keys that this very map lacks: a full document refuses them in each map separately."""
    is_absent = {"$eq": [{"$first": "$$this"}, None]}
    may_be_refused = {"$not": {"$in": [_KEY, list(ALWAYS_ACCEPTED)]}}
    lacking = {"$filter": {"input": pairs, "cond": {"$and": [is_absent, may_be_refused]}}}
    return {"$map": {"input": lacking, "in": _KEY}}


def _without_refused(shape: Shape, pairs: Expression) -> Expression:
    """The pairs of the accepted keys, and one for `other`, which a change may name itself."""
    away_keys = {"$concatArrays": ["$$gone", [OTHER]]}
    accepted = {"$filter": {"input": pairs, "cond": {"$not": {"$in": [_KEY, away_keys]}}}}
    away = {"$filter": {"input": "$$m.more.add", "cond": {"$in": ["$$this.k", away_keys]}}}
    sums: Expression = {part: {"$sum": f"$$away.v.{part}"} for part in shape.parts}
    other = [["$$m.rest", {"k": OTHER, "v": sums if shape.parts else {"$sum": "$$away.v"}}]]
    if_any = {"$cond": [{"$eq": ["$$away", []]}, [], other]}
    return {"$concatArrays": [accepted, {"$let": {"vars": {"away": away}, "in": if_any}}]}


def _entry(shape: Shape) -> Expression:
    if not shape.parts:
        return plus("$$was", "$$add.v")
    entry: Stage = {}
    for part in shape.parts:
        total = plus(f"$$was.{part}", f"$$add.v.{part}")
        is_given = {"$ne": [{"$type": f"$$add.v.{part}"}, "missing"]}
        entry[part] = {"$cond": [is_given, total, f"$$was.{part}"]} if shape.sparse else total
    if shape.named:
        # $max ignores nulls, and compares strings by code point.
        newest = {"$max": ["$$was.name", "$$add.name"]}
        entry["name"] = {"$cond": [f"${FULL}", {"$ifNull": ["$$was.name", None]}, newest]}
    return {"$mergeObjects": ["$$was", entry]}
