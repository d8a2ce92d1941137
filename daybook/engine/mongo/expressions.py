"""Expressions that do not vary: encoded once, they are copied into each update as they are."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, ParamSpec, TypeVar, cast

from bson import encode
from bson.raw_bson import RawBSONDocument

Expression = Any
Stage = dict[str, Any]
P = ParamSpec("P")
T = TypeVar("T")


def plus(was: Expression, value: Expression) -> Expression:
    """Nothing counts as 0. What is neither that nor a number fails the update, as it should: with
    `$sum` it would count as 0 as well, and be lost."""
    return {"$add": [{"$ifNull": [was, 0]}, value]}


def compiled(expression: Mapping[str, Any]) -> Expression:
    return RawBSONDocument(encode(expression))


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """Remembers what the function said; mypy does not take a class for a key of `lru_cache`."""
    return cast(Callable[P, T], lru_cache(maxsize=4_096)(function))
