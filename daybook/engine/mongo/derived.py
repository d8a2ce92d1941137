"""What is worked out in a document: rates, differences, and its money at the top."""

from collections.abc import Iterable
from typing import Any

from bson import Decimal128, Int64

from daybook.engine.documents.fields import (
    Average,
    Breakdown,
    DailyDocument,
    Derived,
    Difference,
    Field,
    MoneyMap,
    Rate,
    Squares,
    is_money,
)
from daybook.engine.mongo.expressions import Expression, Stage, cached, compiled

_ZERO = Int64(0)
_NO_SQUARES = Decimal128("0")
_NONE_YET: Stage = {"$literal": {}}


@cached
def derive(model: type[DailyDocument], currencies: frozenset[str]) -> list[Expression]:
    """The stages that follow the sums; those of the hours have been worked out with them."""
    scopes = [f"currencies.{currency}." for currency in sorted(currencies)]
    money = [name for name in model.fields if is_money(model, name)]
    within = _derived_in(model, scopes if money else [], money=True)
    stages: list[Stage] = []
    if stage := within | _derived_in(model, [""], money=False):
        stages.append({"$set": stage})
    if money:
        stages.append({"$replaceWith": {"$mergeObjects": ["$$ROOT", _mirrored(model, money)]}})
    return [compiled(stage) for stage in stages]


def _mirrored(model: type[DailyDocument], money: list[str]) -> Expression:
    """The money at the top: its only currency's, null when there are more, nothing when none."""
    nothing = {name: _nothing(model.fields[name]) for name in money}
    by_number = {
        "$switch": {
            "branches": [
                {
                    "case": {"$eq": [{"$size": "$$all"}, 1]},
                    "then": {
                        "$let": {
                            "vars": {"only": {"$first": "$$all.v"}},
                            "in": {name: f"$$only.{name}" for name in money},
                        }
                    },
                },
                {
                    "case": {"$eq": ["$$all", []]},
                    "then": {"$literal": nothing | {"currencies": {}}},
                },
            ],
            "default": _without_money(model, money),
        }
    }
    several = {"$objectToArray": {"$ifNull": ["$currencies", _NONE_YET]}}
    return {"$let": {"vars": {"all": several}, "in": by_number}}


def _without_money(model: type[DailyDocument], money: list[str]) -> Expression:
    """Of more than one currency: null for money, in breakdowns too, and hours without any."""
    nulls = {"$literal": dict.fromkeys(money)}
    by_parts: dict[tuple[str, ...], list[str]] = {}
    for name, field in model.fields.items():
        if isinstance(field, Breakdown) and field.money:
            by_parts.setdefault(field.money, []).append(name)
    breakdowns = [_nulled(names, parts) for parts, names in by_parts.items()]
    return {"$mergeObjects": [nulls, *breakdowns, {"hours": _hours(money)}]}


def _nulled(names: list[str], parts: tuple[str, ...]) -> Expression:
    """The breakdowns of these names, with null for the parts of every key."""
    nulls = {"$literal": dict.fromkeys(parts)}
    entry = {"k": "$$this.k", "v": {"$mergeObjects": ["$$this.v", nulls]}}
    entries = {"$map": {"input": {"$objectToArray": "$$each.v"}, "in": entry}}
    return {
        "$arrayToObject": {
            "$map": {
                "input": [{"k": name, "v": f"${name}"} for name in names],
                "as": "each",
                "in": {"k": "$$each.k", "v": {"$arrayToObject": entries}},
            }
        }
    }


def _derived_in(model: type[DailyDocument], scopes: Iterable[str], *, money: bool) -> Stage:
    return {
        f"{scope}{name}": derived(field, scope)
        for scope in scopes
        for name, field in model.fields.items()
        if isinstance(field, Derived) and is_money(model, name) == money
    }


def derived(field: Derived, scope: str) -> Expression:
    """The expression of a derived field whose parts stand under `scope` ("" or "hours.07.")."""

    def part(name: str) -> Expression:
        return {"$ifNull": [f"${scope}{name}", _ZERO]}

    match field:
        case Rate(numerator, denominator):
            ratio = {"$divide": [part(numerator), part(denominator)]}
            return _unless_zero(part(denominator), ratio)
        case Average(total, number):
            exact = {"$divide": [{"$toDecimal": part(total)}, part(number)]}
            return _unless_zero(part(number), {"$toLong": {"$round": [exact, 0]}})
        case Difference(minuend, subtrahend):
            return {"$subtract": [part(minuend), part(subtrahend)]}


def _unless_zero(divisor: Expression, quotient: Expression) -> Expression:
    return {"$cond": [{"$eq": [divisor, 0]}, None, quotient]}


def _nothing(field: Field) -> Any:
    match field:
        case MoneyMap():
            return {}
        case Average() | Rate():
            return None
        case Squares():
            return _NO_SQUARES
        case _:
            return _ZERO


def _hours(money: list[str]) -> Expression:
    plain = {
        "$filter": {
            "input": {"$objectToArray": "$$hour.v"},
            "cond": {"$not": {"$in": ["$$this.k", money]}},
        }
    }
    each = {
        "$map": {
            "input": {"$objectToArray": "$hours"},
            "as": "hour",
            "in": {"k": "$$hour.k", "v": {"$arrayToObject": plain}},
        }
    }
    return {"$ifNull": [{"$arrayToObject": each}, "$$REMOVE"]}
