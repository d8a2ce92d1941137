"""Builds the aggregation pipeline of a repair: sums first, then the fields derived from them."""

from collections.abc import Iterable
from typing import Any

from bson import Decimal128, Int64

from daybook.recount.recounted import Document
from daybook.recount.replay.model import Field, Model

Expression = Any
Stage = dict[str, Any]


def revision(now_ms: int) -> Expression:
    """The next revision; the time in milliseconds if there is none yet."""
    known = {"$isNumber": "$_daybook.revision"}
    return {"$toLong": {"$cond": [known, {"$add": ["$_daybook.revision", 1]}, Int64(now_ms)]}}


def plus(
    path: tuple[str, ...], amount: int, *, vanishes: bool, is_decimal: bool = False
) -> Expression:
    """The value at the path plus an amount; with `vanishes`, the field is removed at 0."""
    before = {"$ifNull": ["$" + ".".join(path), Int64(0)]}
    if is_decimal:
        total = {"$toDecimal": {"$add": [before, Decimal128(str(amount))]}}
    else:
        total = {"$toLong": {"$add": [before, Int64(amount)]}}
    return {"$cond": [{"$eq": [total, 0]}, "$$REMOVE", total]} if vanishes else total


def renamed(path: tuple[str, ...], before: object, wanted: str | None) -> Expression:
    """The wanted name if the stored one is still `before`; otherwise a member has written another
    one meanwhile, and the greater of the two stays."""
    now = "$" + ".".join(path)
    is_as_before = {"$eq": [{"$ifNull": [now, None]}, {"$literal": before}]}
    given = {"$literal": wanted}
    return {"$cond": [is_as_before, given, {"$max": [now, given]}]}


def containers(model: Model, expected: Document) -> list[Stage]:
    """Creates the maps that sums are added to, where they are missing."""
    tops = ["hours", *(["currencies"] if model.has_money else [])]
    tops += [field.name for field in model.maps()]
    in_currencies = [field for field in model.money() if field.kind == "money_map"]
    maps = [
        f"currencies.{currency}.{field.name}"
        for currency in expected.get("currencies", {})
        for field in (*in_currencies, *model.breakdowns())
    ]
    return [
        {"$set": {path: {"$ifNull": [f"${path}", {"$literal": {}}]} for path in paths}}
        for paths in (tops, maps)
        if paths
    ]


def derived_fields(
    model: Model, stored: Document, expected: Document, *, has_own_money: bool
) -> list[Stage]:
    """Rates, averages and differences wherever they occur; then the day's money.

    With `has_own_money`, a breakdown's money beside its counts is a sum of its own.
    """
    hours = (stored.get("hours") or {}).keys() | expected["hours"].keys()
    plain, money = model.derived(of_money=False), model.derived(of_money=True)
    stage = {field.name: _derived(field, "") for field in plain}
    for hour in sorted(hours):
        scope = f"hours.{hour}."
        stage |= {scope + field.name: _derived(field, scope) for field in (*plain, *money)}
    for currency in expected.get("currencies", {}):
        scope = f"currencies.{currency}."
        stage |= {scope + field.name: _derived(field, scope) for field in money}
    stages = [{"$set": stage}] if stage else []
    if model.has_money:
        day = {field.name: _mirrored(field) for field in model.money()}
        for field in () if has_own_money else model.breakdowns():
            keys = (stored.get(field.name) or {}).keys() | expected[field.name].keys()
            day |= _mirrored_money(field, keys)
        stages.append({"$set": day | {"hours": _hours_without(model.money())}})
    return stages


def _derived(field: Field, scope: str) -> Expression:
    part = {"$ifNull": [f"${scope}{field.part}", Int64(0)]}
    whole = {"$ifNull": [f"${scope}{field.whole}", Int64(0)]}
    if field.kind == "difference":
        return {"$subtract": [part, whole]}
    if field.kind == "rate":
        value: Expression = {"$divide": [part, whole]}
    else:
        # MongoDB rounds half to even, but divides integers exactly only as decimals.
        value = {"$toLong": {"$round": [{"$divide": [{"$toDecimal": part}, whole]}, 0]}}
    return {"$cond": [{"$eq": [whole, 0]}, None, value]}


def _by_currencies(none: Expression, one: Expression, several: Expression) -> Expression:
    """One of three expressions, by the number of currencies; `$$all` is the list of them."""
    number = {"$size": "$$all"}
    branches = [
        {"case": {"$eq": [number, 0]}, "then": none},
        {"case": {"$eq": [number, 1]}, "then": one},
    ]
    return {
        "$let": {
            "vars": {"all": {"$objectToArray": "$currencies"}},
            "in": {"$switch": {"branches": branches, "default": several}},
        }
    }


def _mirrored(field: Field) -> Expression:
    return _by_currencies({"$literal": field.nothing}, {"$first": f"$$all.v.{field.name}"}, None)


def _mirrored_money(field: Field, keys: Iterable[str]) -> Stage:
    """A breakdown's money next to its counts; members do this for keys they add meanwhile."""
    return {
        f"{field.name}.{key}.{part}": _by_currencies(
            Int64(0),
            {"$ifNull": [{"$first": f"$$all.v.{field.name}.{key}.{part}"}, Int64(0)]},
            None,
        )
        for key in keys
        for part in field.money_parts
    }


def _hours_without(money: list[Field]) -> Expression:
    """The hours, without their money if there are several currencies."""
    names = [field.name for field in money]
    plain = {
        "$filter": {
            "input": {"$objectToArray": "$$hour.v"},
            "cond": {"$not": {"$in": ["$$this.k", names]}},
        }
    }
    hour = {"k": "$$hour.k", "v": {"$arrayToObject": plain}}
    every = {"$map": {"input": {"$objectToArray": "$hours"}, "as": "hour", "in": hour}}
    return _by_currencies("$hours", "$hours", {"$arrayToObject": every})
