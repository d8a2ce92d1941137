"""Builds small documents of a funnel, in their stored form."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import Decimal128

from daybook.query.figures.date_range import Span
from daybook.query.funnels.definition import Definition

UTC_ZONE = ZoneInfo("UTC")


def span(first: str, last: str, zone: str = "UTC", rendered_in: str | None = None) -> Span:
    fleet = ZoneInfo(zone)
    days = date.fromisoformat(first), date.fromisoformat(last)
    return Span(*days, fleet, ZoneInfo(rendered_in) if rendered_in else fleet)


def day(text: str, **values: Any) -> dict[str, Any]:
    return {"date": datetime.fromisoformat(text).replace(tzinfo=UTC)} | values


def step_day(text: str, step: str, **values: Any) -> dict[str, Any]:
    return day(text, step_id=step, **values)


def funnel(*steps: str, name: str = "A funnel") -> Definition:
    stored_steps = [{"step_id": step, "name": step.title(), "type": "page"} for step in steps]
    return Definition({"funnel_id": "f", "name": name, "steps": stored_steps, "versions": []})


def variant_day(
    variant: str, visitors: int, conversions: int, cents: int = 0, squares: int = 0, **more: Any
) -> dict[str, Any]:
    amounts = {"value_cents": cents, "value_cents_squared": Decimal128(str(squares))}
    return day(
        "2026-01-05",
        test_id="t",
        variant_id=variant,
        visitors=visitors,
        conversions=conversions,
        currencies={"EUR": amounts},
        **more,
    )


def trial(
    *variants: str, split: tuple[float, ...] = (), status: str = "completed"
) -> dict[str, Any]:
    """An experiment's document; the first variant is the control."""
    return {
        "test_id": "t",
        "name": "A test",
        "status": status,
        "started_at": None,
        "completed_at": None,
        "variants": [
            {
                "variant_id": name,
                "name": name.title(),
                "is_control": at == 0,
                "traffic_split": split[at] if split else 1 / len(variants),
            }
            for at, name in enumerate(variants)
        ],
    }
