"""Compiles filters to a MongoDB expression over `segment_profiles`, for one moment.

Values from outside are literals, so nothing in them is ever evaluated.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from daybook.segments.filters.profile import (
    ACCOUNT_ATTRIBUTES,
    ANY_EVENT,
    DELETED,
    WITHDRAWN,
    kind,
)
from daybook.segments.filters.windows import Window, window
from schemas.filters import TRACKED

Node = Mapping[str, Any]
Expression = dict[str, Any]

_COMPARISONS = {"at_least": "$gte", "at_most": "$lte", "exactly": "$eq"}
_EARLIEST = -1
_TRACKED, _ANYTHING = "$$tracked", "$$anything"


def expression(filters: Node, zone: ZoneInfo, t: int) -> Expression:
    """Whether a profile matches at t, as `Matcher.value` says: for `$expr` in a `$match`."""
    account, consent = _cut("$account", DELETED, t), _cut("$consent", WITHDRAWN, t)
    counting = {
        "tracked": {"$max": ["$$account.last", "$$consent.last"]},
        "anything": "$$account.last",
    }
    holds = {
        "$and": [
            "$$account.holds",
            "$$consent.holds",
            {"$gt": ["$first_seen", None]},
            {"$lte": ["$first_seen", t]},
        ]
    }
    matches = {"$let": {"vars": counting, "in": _Compiler(zone, t).compile(filters)}}
    return {
        "$let": {
            "vars": {"account": account, "consent": consent},
            "in": {"$cond": [holds, matches, False]},
        }
    }


def _cut(changes: str, ended: str, t: int) -> Expression:
    """`holds`, and `last`: the moment from which on things count again."""
    at, what = ({"$arrayElemAt": ["$$this", place]} for place in (0, 1))
    ends = {"last": at, "holds": False}
    again = {"last": {"$cond": ["$$value.holds", "$$value.last", at]}, "holds": True}
    return {
        "$reduce": {
            "input": {"$filter": {"input": changes, "cond": {"$lte": [_first("$$this"), t]}}},
            "initialValue": {"last": -1, "holds": True},
            "in": {"$cond": [{"$eq": [what, ended]}, ends, again]},
        }
    }


def _first(pair: str) -> Expression:
    return {"$arrayElemAt": [pair, 0]}


def _field(name: str, inside: str) -> Expression:
    """The list under a key that may contain dots and dollar signs; empty if there is none."""
    found = {"$getField": {"field": {"$literal": name}, "input": inside}}
    return {"$ifNull": [found, []]}


class _Compiler:
    def __init__(self, zone: ZoneInfo, t: int) -> None:
        self._zone = zone
        self._t = t

    def compile(self, node: Node) -> Expression:
        match node:
            case {"all": parts}:
                return {"$and": [self.compile(part) for part in parts]}
            case {"any": parts}:
                return {"$or": [self.compile(part) for part in parts]}
            case {"not": part}:
                return {"$not": [self.compile(part)]}
            case {"event": _}:
                return self._behaviour(node)
            case {"attribute": _}:
                return self._attribute(node)
            case {"seen": which, "within": within}:
                return self._seen(which, window(within, self._zone))
            case {"orders": _} | {"revenue": _}:
                return self._of_orders(node)
        raise ValueError(f"no condition: {', '.join(node)}")

    def _behaviour(self, node: Node) -> Expression:
        event_type, then_not = node["event"], node.get("then_not")
        first = window(node.get("within"), self._zone).first(self._t)
        counted = self._between(
            _field(kind(event_type, node.get("where")), "$events"), first, _cut_of(event_type)
        )
        enough = _compare({"$size": "$$counted"}, node.get("count", {"at_least": 1}))
        if then_not is None:
            return {"$let": {"vars": {"counted": counted}, "in": enough}}
        others = self._between(_field(kind(then_not), "$events"), 0, _cut_of(then_not))
        undone = {
            "$filter": {"input": others, "cond": {"$gte": ["$$this", {"$last": "$$counted"}]}}
        }
        none = {"$or": [{"$eq": ["$$counted", []]}, {"$eq": [undone, []]}]}
        return {"$let": {"vars": {"counted": counted}, "in": {"$and": [enough, none]}}}

    def _between(self, times: Any, first: int, cut: str | int) -> Expression:
        counts = [
            {"$gte": ["$$this", first]},
            {"$gt": ["$$this", cut]},
            {"$lte": ["$$this", self._t]},
        ]
        return {"$filter": {"input": times, "cond": {"$and": counts}}}

    def _attribute(self, node: Node) -> Expression:
        name = node["attribute"]
        known = {
            "$filter": {
                "input": _field(name, "$attributes"),
                "cond": {"$lte": [_first("$$this"), self._t]},
            }
        }
        cut = _ANYTHING if name in ACCOUNT_ATTRIBUTES else _TRACKED
        counts = {"$gt": [_first("$$newest"), cut]}
        value = {"$cond": [counts, {"$arrayElemAt": ["$$newest", 1]}, None]}
        return {
            "$let": {
                "vars": {"newest": {"$ifNull": [{"$last": known}, [-1, None]]}},
                "in": {"$let": {"vars": {"value": value}, "in": _is_wanted(node)}},
            }
        }

    def _seen(self, which: str, within: Window) -> Expression:
        times = ["$first_seen"] if which == "first" else _field(ANY_EVENT, "$events")
        return {"$ne": [self._between(times, within.first(self._t), _EARLIEST), []]}

    def _of_orders(self, node: Node) -> Expression:
        first = window(node.get("within"), self._zone).first(self._t)
        paid = [
            {"$gte": ["$$order.paid_at", first]},
            {"$gt": ["$$order.paid_at", _ANYTHING]},
            {"$lte": ["$$order.paid_at", self._t]},
        ]
        if "product" in node:
            paid.append({"$in": [{"$literal": node["product"]}, "$$order.products"]})
        amount = node.get("revenue")
        if amount:
            paid.append({"$eq": ["$$order.currency", {"$literal": amount["currency"]}]})
        return _compare(
            {
                "$sum": {
                    "$map": {
                        "input": {"$objectToArray": "$orders"},
                        "in": {
                            "$let": {
                                "vars": {"order": "$$this.v"},
                                "in": {"$cond": [{"$and": paid}, self._worth(bool(amount)), 0]},
                            }
                        },
                    }
                }
            },
            amount or node["orders"],
        )

    def _worth(self, is_amount: bool) -> Expression:
        """What is left of an order at t; without `is_amount` 1, or 0 if it was refunded whole."""
        given = {
            "$cond": [{"$lte": [_first("$$this"), self._t]}, {"$arrayElemAt": ["$$this", 1]}, 0]
        }
        refunded = {"$sum": {"$map": {"input": "$$order.refunds", "in": given}}}
        left = {"$subtract": ["$$order.cents", "$$refunded"]}
        counts = {"$or": [{"$eq": ["$$refunded", 0]}, {"$gt": [left, 0]}]}
        worth = {"$max": [0, left]} if is_amount else {"$cond": [counts, 1, 0]}
        return {"$let": {"vars": {"refunded": refunded}, "in": worth}}


def _cut_of(event_type: str) -> str:
    return _TRACKED if event_type in TRACKED else _ANYTHING


def _compare(number: Expression, count: Mapping[str, Any]) -> Expression:
    ((operator, wanted),) = (
        (_COMPARISONS[name], count[name]) for name in _COMPARISONS if name in count
    )
    return {operator: [number, wanted]}


def _is_wanted(node: Node) -> Expression:
    match node:
        case {"is": value}:
            return {"$eq": ["$$value", {"$literal": value}]}
        case {"is_not": value}:
            return {"$ne": ["$$value", {"$literal": value}]}
        case {"in": values}:
            return {"$in": ["$$value", {"$literal": values}]}
        case {"not_in": values}:
            return {"$not": [{"$in": ["$$value", {"$literal": values}]}]}
        case {"exists": exists}:
            return {"$eq": [{"$ne": ["$$value", None]}, exists]}
    raise ValueError(f"no comparison: {', '.join(node)}")
