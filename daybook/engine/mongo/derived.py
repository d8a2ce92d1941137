"""The update stages that compute a document's rates, differences and top-level money."""

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
    """The stages that follow the sums; those of the hours are computed together with their sums."""
    scopes = [f"currencies.{currency}." for currency in sorted(currencies)]
    money = [name for name in model.fields if is_money(model, name)]
    within = _derived_in(model, scopes if money else [], money=True)
    stages: list[Stage] = []
    if stage := within | _derived_in(model, [""], money=False):
        stages.append({"$set": stage})
    if money:
        stages.append({"$replaceWith": {"$mergeObjects": ["$$ROOT", _top_money(model, money)]}})
    return [compiled(stage) for stage in stages]


def _top_money(model: type[DailyDocument], money: list[str]) -> Expression:
    """The money fields at the top level: those of the only currency, null if there are several,
    initial values if there is none."""
    initial = {name: _initial_value(model.fields[name]) for name in money}
    by_currency_count = {
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
                    "then": {"$literal": initial | {"currencies": {}}},
                },
            ],
            "default": _without_money(model, money),
        }
    }
    currencies = {"$objectToArray": {"$ifNull": ["$currencies", _NONE_YET]}}
    return {"$let": {"vars": {"all": currencies}, "in": by_currency_count}}


def _without_money(model: type[DailyDocument], money: list[str]) -> Expression:
    """For several currencies: money is null, in breakdowns too, and absent from the hours."""
    nulls = {"$literal": dict.fromkeys(money)}
    by_parts: dict[tuple[str, ...], list[str]] = {}
    for name, field in model.fields.items():
        if isinstance(field, Breakdown) and field.money:
            by_parts.setdefault(field.money, []).append(name)
    breakdowns = [_with_nulls(names, parts) for parts, names in by_parts.items()]
    return {"$mergeObjects": [nulls, *breakdowns, {"hours": _hours(money)}]}


def _with_nulls(names: list[str], parts: tuple[str, ...]) -> Expression:
    """These breakdowns, with null for the given parts of every key."""
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
    """The expression of a derived field whose operands are under `scope` ("" or "hours.07.")."""

    def operand(name: str) -> Expression:
        return {"$ifNull": [f"${scope}{name}", _ZERO]}

    match field:
        case Rate(numerator, denominator):
            ratio = {"$divide": [operand(numerator), operand(denominator)]}
            return _null_if_zero(operand(denominator), ratio)
        case Average(total, number):
            exact = {"$divide": [{"$toDecimal": operand(total)}, operand(number)]}
            return _null_if_zero(operand(number), {"$toLong": {"$round": [exact, 0]}})
        case Difference(minuend, subtrahend):
            return {"$subtract": [operand(minuend), operand(subtrahend)]}


def _null_if_zero(divisor: Expression, quotient: Expression) -> Expression:
    return {"$cond": [{"$eq": [divisor, 0]}, None, quotient]}


def _initial_value(field: Field) -> Any:
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
    """The hours without these money fields."""
    without_money = {
        "$filter": {
            "input": {"$objectToArray": "$$hour.v"},
            "cond": {"$not": {"$in": ["$$this.k", money]}},
        }
    }
    hours = {
        "$map": {
            "input": {"$objectToArray": "$hours"},
            "as": "hour",
            "in": {"k": "$$hour.k", "v": {"$arrayToObject": without_money}},
        }
    }
    return {"$ifNull": [{"$arrayToObject": hours}, "$$REMOVE"]}
