"""Limits that concern several values of an event together; the errors say each in words."""

from collections.abc import Callable
from typing import Any, TypeVar

import bson
from pydantic_core import PydanticCustomError

_WHOLE = 1.001
"""Shares of a whole may be rounded up: three thirds are 0.334 + 0.333 + 0.334."""

T = TypeVar("T")


def differ_in(name: str) -> Callable[[list[T]], list[T]]:
    """A validator of a list whose items must all have another value of the field `name`."""

    def check(items: list[Any]) -> list[Any]:
        if len({item[name] for item in items}) < len(items):
            raise PydanticCustomError("repeated", f"each must have another {name}")
        return items

    return check


def within_the_whole(name: str) -> Callable[[list[T]], list[T]]:
    """A validator of a list whose items have shares of a whole in the field `name`."""

    def check(items: list[Any]) -> list[Any]:
        if sum(item[name] for item in items) > _WHOLE:
            raise PydanticCustomError("above_the_whole", f"{name} must add up to at most 1")
        return items

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
