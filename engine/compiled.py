"""Expressions that do not vary: encoded once, they are copied into each update as they are."""

from collections.abc import Mapping
from typing import Any

from bson import encode
from bson.raw_bson import RawBSONDocument

Expression = Any
Stage = dict[str, Any]


def compiled(expression: Mapping[str, Any]) -> Expression:
    return RawBSONDocument(encode(expression))
