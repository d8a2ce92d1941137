"""Limits that concern several values of an event together; the errors say each in words."""

from collections.abc import Callable
from typing import Any, TypeVar

import bson
from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

_ROUNDED = 0.005
"""By so much a share with two decimals differs from the exact one: three thirds are 3 * 0.33."""

_EPSILON = 1e-9
_PERCENT = 100

T = TypeVar("T")


def differ_in(name: str) -> Callable[[list[T]], list[T]]:
    """A validator of a list whose items must all have another value of the field `name`."""

    def check(items: list[Any]) -> list[Any]:
        if len({item[name] for item in items}) < len(items):
            raise PydanticCustomError("repeated", f"each must have another {name}")
        return items

    return check


def few_different(name: str, most: int) -> Callable[[list[T]], list[T]]:
    """A validator of a list whose items have at most that many values of a field `name`."""

    def check(items: list[Any]) -> list[Any]:
        if len(items) > most and len({item[name] for item in items if name in item}) > most:
            raise PydanticCustomError("too_many", f"may have at most {most} different {name}")
        return items

    return check


def exactly_one(name: str) -> Callable[[list[T]], list[T]]:
    """A validator of a list of which exactly one item must have a true field `name`."""

    def check(items: list[Any]) -> list[Any]:
        if sum(item[name] for item in items) != 1:
            raise PydanticCustomError("not_one", f"{name} must be true for exactly one")
        return items

    return check


def shares_of_the_whole(name: str) -> Callable[[list[T]], list[T]]:
    """A validator of a list whose items divide a whole among them, by the field `name`.

    Fractions add up to 1, each rounded to two decimals or more; whole percent add up to 100.
    """

    def check(items: list[Any]) -> list[Any]:
        shares = [item[name] for item in items]
        is_rounded = abs(sum(shares) - 1) < _ROUNDED * len(shares) + _EPSILON
        are_fractions = is_rounded and max(shares) <= 1
        are_percent = sum(shares) == _PERCENT and all(share == int(share) for share in shares)
        if not are_fractions and not are_percent:
            message = f"{name} must add up to 1, or in whole percent to 100"
            raise PydanticCustomError("not_the_whole", message)
        return items

    return check


def item_of(lists: str, name: str) -> Callable[[str, ValidationInfo], str]:
    """A validator of a value that an item of an earlier field `lists` has as `name`."""

    def check(value: str, info: ValidationInfo) -> str:
        if all(item[name] != value for item in info.data.get(lists, ())):
            raise PydanticCustomError("unknown", f"must be a {name} of {lists}")
        return value

    return check


def absent_if(name: str, value: str, reason: str) -> Callable[[T, ValidationInfo], T]:
    """A validator of a field that must be absent if an earlier field `name` has this value."""

    def check(given: T, info: ValidationInfo) -> T:
        if info.data.get(name) == value:
            raise PydanticCustomError("not_absent", f"must be absent: {reason}")
        return given

    return check


def worth_at_most(name: str) -> Callable[[list[T], ValidationInfo], list[T]]:
    """A validator of an order's lines, whose quantities times prices come to no more than the
    earlier field `name`, save that each piece's price may be rounded up by half a minor unit."""

    def check(lines: list[Any], info: ValidationInfo) -> list[Any]:
        pieces = sum(line["quantity"] for line in lines)
        worth = sum(line["quantity"] * line["price_cents"] for line in lines)
        if worth > info.data.get(name, worth) + (pieces + 1) // 2:
            message = f"quantity * price_cents must not add up to more than {name}"
            raise PydanticCustomError("above_total", message)
        return lines

    return check


def not_larger_than(bytes_max: int, length_measured: int = 0) -> Callable[[T], T]:
    """A validator of a dictionary, or a list of them, by its bytes as MongoDB stores it.

    A value with a length below `length_measured` cannot be too large, and is not measured.
    """

    def check(value: Any) -> Any:
        if len(value) >= length_measured and len(bson.encode({"": value})) > bytes_max:
            message = f"may have at most {bytes_max:,} bytes as MongoDB stores it"
            raise PydanticCustomError("too_large", message)
        return value

    return check
