"""Free-form properties of events, within limits that every store can hold."""

from math import isfinite
from typing import Annotated, Any

import bson
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError, PydanticSerializationError, to_json

BYTES_MAX = 4_096
"""Size limit as JSON. It is checked first, so at most 2,048 values are looked at."""

STORED_BYTES_MAX = 8_192
"""Size limit as BSON, as MongoDB stores it: there, a list of zeros takes ten times the bytes of its
JSON."""

_DEPTH_MAX = 20
_INT_MAX = 2**63 - 1


def bounded(properties: dict[str, Any]) -> dict[str, Any]:
    """The properties, if within the limits. Raises PydanticCustomError naming the limit."""
    if _json_bytes(properties) > BYTES_MAX:
        raise PydanticCustomError("properties", f"may have at most {BYTES_MAX} bytes as JSON")
    if not _is_plain(properties, _DEPTH_MAX):
        message = (
            f"may nest at most {_DEPTH_MAX} levels, with 64-bit integers, finite numbers, "
            "and no NUL in a name"
        )
        raise PydanticCustomError("properties", message)
    if len(bson.encode(properties)) > STORED_BYTES_MAX:
        raise PydanticCustomError(
            "properties", f"may have at most {STORED_BYTES_MAX} bytes as MongoDB stores them"
        )
    return properties


def _json_bytes(properties: dict[str, Any]) -> int:
    try:
        return len(to_json(properties))
    except (PydanticSerializationError, UnicodeEncodeError, ValueError):
        # A caller in Python may have half a character, or nest hundreds of levels.
        raise PydanticCustomError("properties", "must be text that UTF-8 can hold") from None


def _is_plain(value: Any, depth: int) -> bool:
    match value:
        case dict():
            return depth > 0 and all(
                "\0" not in name and _is_plain(item, depth - 1) for name, item in value.items()
            )
        case list():
            return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
        case int():
            return -_INT_MAX <= value <= _INT_MAX
        case float():
            return isfinite(value)
    return True


Properties = Annotated[dict[str, Any], AfterValidator(bounded)]
