"""Helpers for aggregation expressions; constant ones are encoded to BSON once and reused."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

from bson import encode
from bson.raw_bson import RawBSONDocument

Expression = Any
Stage = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


def plus(stored: Expression, value: Expression) -> Expression:
    """The sum of both; a missing stored value counts as 0.

    `$add` fails the update if the stored value is not a number, which is wanted: `$sum` would
    silently treat it as 0.
    """
    return {"$add": [{"$ifNull": [stored, 0]}, value]}


def compiled(expression: Mapping[str, Any]) -> Expression:
    """The expression encoded to BSON, so that each update copies its bytes."""
    return RawBSONDocument(encode(expression))


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """`lru_cache`, typed as the function: mypy does not accept a class as its hashable argument."""
    return cast(Callable[P, T], lru_cache(maxsize=4_096)(function))
