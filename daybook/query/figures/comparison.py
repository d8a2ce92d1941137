"""A report's numbers beside those of the period before."""

from collections.abc import Mapping
from typing import Any

from daybook.query.figures.date_range import Span
from daybook.query.figures.totals import Number, Numbers


def compared(span: Span, now: Numbers, before: Numbers) -> dict[str, Any]:
    """What `compare=previous` adds: `previous` with its period, and `change` by `totals.<name>`."""
    return {
        "previous": {"period": span.previous().period, "totals": before},
        "change": {f"totals.{name}": change(value, before[name]) for name, value in now.items()},
    }


def change(now: Number, before: Number) -> Mapping[str, Number]:
    """`absolute` is now less before, `relative` its share of before; null where unknown."""
    if now is None or before is None:
        return {"absolute": None, "relative": None}
    absolute = now - before
    return {"absolute": absolute, "relative": absolute / abs(before) if before else None}
