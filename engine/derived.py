"""What is worked out in a document: rates, differences, and its money at the top."""

from collections.abc import Iterable
from functools import lru_cache

from bson import Decimal128, Int64

from engine.compiled import Expression, Stage, compiled
from engine.document import (
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

ONLY = "_daybook.only"
"""While an update is worked out: the currencies, as a list."""

_ZERO = Int64(0)
_NO_SQUARES = Decimal128("0")
_CURRENCIES = {"$ifNull": ["$currencies", {}]}
_SEVERAL = {"$gt": [{"$size": f"${ONLY}"}, 1]}


@lru_cache(maxsize=4_096)
def derive(model: type[DailyDocument], currencies: frozenset[str]) -> list[Expression]:
    """The stages that follow the sums; those of the hours have been worked out with them."""
    plain = _derived_in(model, [""], money=False)
    if not has_money(model):
        return [compiled({"$set": plain})] if plain else []
    scopes = [f"currencies.{currency}." for currency in sorted(currencies)]
    within = _derived_in(model, scopes, money=True)
    only = {ONLY: {"$objectToArray": _CURRENCIES}}
    top = _mirror(model) | _without_money(model)
    # What is worked out in a currency is repeated at the top, so it comes a stage before.
    stages = [within | plain, only] if within else [plain | only]
    stages.append(top | {"hours": _hours(model), "currencies": _CURRENCIES})
    return [compiled({"$set": stage}) for stage in stages]


@lru_cache(maxsize=4_096)
def has_money(model: type[DailyDocument]) -> bool:
    return any(is_money(model, name) for name in model.fields)


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


def _mirror(model: type[DailyDocument]) -> Stage:
    """The money at the top: its only currency's, null when there are more, nothing when none."""
    return {
        name: {
            "$switch": {
                "branches": [
                    {"case": {"$eq": [{"$size": f"${ONLY}"}, 0]}, "then": _nothing(field)},
                    {
                        "case": {"$eq": [{"$size": f"${ONLY}"}, 1]},
                        "then": {"$first": f"${ONLY}.v.{name}"},
                    },
                ],
                "default": None,
            }
        }
        for name, field in model.fields.items()
        if is_money(model, name)
    }


def _without_money(model: type[DailyDocument]) -> Stage:
    """Breakdowns as they are, or with null for money once there is more than one currency."""
    stage: Stage = {}
    for name, field in model.fields.items():
        if isinstance(field, Breakdown) and field.money:
            nulls = {part: None for part in field.money}
            entry = {"k": "$$this.k", "v": {"$mergeObjects": ["$$this.v", nulls]}}
            each = {"$map": {"input": {"$objectToArray": f"${name}"}, "in": entry}}
            stage[name] = {"$cond": [_SEVERAL, {"$arrayToObject": each}, f"${name}"]}
    return stage


def _nothing(field: Field) -> Expression:
    match field:
        case MoneyMap():
            return {"$literal": {}}
        case Average() | Rate():
            return None
        case Squares():
            return _NO_SQUARES
        case _:
            return _ZERO


def _hours(model: type[DailyDocument]) -> Expression:
    """The hours as they are, or without money once the document has more than one currency."""
    names = [name for name in model.fields if is_money(model, name)]
    plain = {
        "$filter": {
            "input": {"$objectToArray": "$$hour.v"},
            "cond": {"$not": {"$in": ["$$this.k", names]}},
        }
    }
    each = {
        "$map": {
            "input": {"$objectToArray": "$hours"},
            "as": "hour",
            "in": {"k": "$$hour.k", "v": {"$arrayToObject": plain}},
        }
    }
    return {"$cond": [_SEVERAL, {"$arrayToObject": each}, {"$ifNull": ["$hours", "$$REMOVE"]}]}
