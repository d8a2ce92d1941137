"""Compares a report's numbers with those of the preceding period."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from daybook.query.figures.body import Body
from daybook.query.figures.date_range import Span
from daybook.query.figures.totals import Number, Numbers


def compare_totals(span: Span, now: Numbers, before: Numbers) -> dict[str, Any]:
    """What `compare=previous` adds: `previous` with its period, and `change` by `totals.<name>`."""
    return {
        "previous": {"period": span.previous().period, "totals": before},
        "change": {f"totals.{name}": change(value, before[name]) for name, value in now.items()},
    }


def change(now: Number, before: Number) -> Mapping[str, Number]:
    """`absolute` is the new value minus the previous one, `relative` that over the previous value;
    null where a value is unknown."""
    if now is None or before is None:
        return {"absolute": None, "relative": None}
    absolute = now - before
    return {"absolute": absolute, "relative": absolute / abs(before) if before else None}


class Change(Body):
    """`absolute` is the new value minus the previous one, `relative` that over the previous value;
    null where a value is unknown."""

    absolute: int | float | None
    relative: float | None


Previous = dict[str, dict[str, int | float | str | None]]
"""Parts of a report with their numbers, by the part's name; `period` is one of them."""

Changes = dict[str, Change]
"""By `part.field`."""


def compare_parts(
    period: Mapping[str, str], now: Mapping[str, BaseModel], before: Mapping[str, BaseModel]
) -> tuple[Previous, Changes]:
    """`previous` and `change` of a report, for `compare=previous`.

    `previous`: the numbers of the preceding period of equal length. `change`: the change of every
    number in these parts.
    """
    previous: Previous = {"period": dict(period)}
    for name, part in before.items():
        previous[name] = {k: v for k, v in part.model_dump().items() if _is_shown(v)}
    earlier = dict(_numbers(before))
    return previous, {
        name: Change(**change(value, earlier.get(name))) for name, value in _numbers(now)
    }


def _numbers(parts: Mapping[str, BaseModel]) -> Iterator[tuple[str, int | float | None]]:
    for part, model in parts.items():
        for name, value in model.model_dump().items():
            if value is None or isinstance(value, int | float):
                yield f"{part}.{name}", value


def _is_shown(value: object) -> bool:
    return value is None or isinstance(value, int | float | str)
