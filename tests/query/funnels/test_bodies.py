"""Every field that dashboards were promised is in each body, with its type."""

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute

from query.funnels.router import router
from tests.query.funnels.conftest import Reading
from tests.query.funnels.shop import FIRST, LAST, shop
from tests.support.queries import QueryProcess

Shape = Any
NUMBER = (int, float)
NONE = type(None)
RATE = (float, int, NONE)
WHOLE_OR_NULL = (int, NONE)
TEXT_OR_NULL = (str, NONE)
PERIOD = {"start": str, "end": str}

OVERVIEW: Shape = {
    "funnel_id": str,
    "funnel_name": str,
    "period": PERIOD,
    "visitors": {"total": int, "unique": int, "new": int, "returning": int},
    "conversions": {"total": int, "rate": RATE, "value_cents": int},
    "revenue": {
        "total_cents": int,
        "per_visitor_cents": WHOLE_OR_NULL,
        "per_conversion_cents": WHOLE_OR_NULL,
    },
    "steps": [
        {
            "step_id": str,
            "step_name": str,
            "step_type": str,
            "visitors": int,
            "entries": int,
            "exits": int,
            "drop_offs": int,
            "drop_off_rate": RATE,
            "avg_time_seconds": WHOLE_OR_NULL,
            "conversion_rate": RATE,
        }
    ],
}
STEP: Shape = {
    "step_id": str,
    "step_name": str,
    "period": PERIOD,
    "summary": {
        "visitors": int,
        "unique_visitors": int,
        "entries": int,
        "exits": int,
        "drop_offs": int,
        "drop_off_rate": RATE,
        "avg_time_seconds": WHOLE_OR_NULL,
        "median_time_seconds": WHOLE_OR_NULL,
    },
    "over_time": [
        {
            "timestamp": str,
            "visitors": int,
            "entries": int,
            "exits": int,
            "drop_off_rate": RATE,
            "avg_time_seconds": WHOLE_OR_NULL,
        }
    ],
    "traffic_sources": [{"source": str, "visitors": int, "percentage": NUMBER}],
    "devices": [{"device_type": str, "visitors": int, "percentage": NUMBER}],
    "browsers": [{"browser": str, "visitors": int, "percentage": NUMBER}],
    "entry_paths": [{"previous_step_id": TEXT_OR_NULL, "count": int}],
    "exit_paths": [{"next_step_id": TEXT_OR_NULL, "count": int}],
}
CONVERSIONS: Shape = {
    "period": PERIOD,
    "summary": {
        "total_conversions": int,
        "conversion_rate": RATE,
        "total_value_cents": int,
        "avg_value_cents": WHOLE_OR_NULL,
    },
    "by_type": [{"conversion_type": str, "count": int, "rate": RATE, "value_cents": int}],
    "by_step": [{"step_id": str, "step_name": str, "conversions": int, "conversion_rate": RATE}],
    "over_time": [
        {"timestamp": str, "conversions": int, "rate": RATE, "value_cents": WHOLE_OR_NULL}
    ],
    "converting_visitors": [
        {
            "visitor_id": str,
            "session_id": str,
            "conversions": int,
            "total_value_cents": int,
            "first_conversion_at": str,
            "last_conversion_at": str,
        }
    ],
}
DROP_OFFS: Shape = {
    "period": PERIOD,
    "overall_drop_off_rate": RATE,
    "steps_with_drop_off": [
        {
            "step_id": str,
            "step_name": str,
            "drop_offs": int,
            "drop_off_rate": RATE,
            "severity": str,
            "common_exit_reasons": [{"reason": str, "count": int, "percentage": NUMBER}],
            "suggestions": [str],
        }
    ],
    "drop_off_funnel": [
        {
            "step_id": str,
            "step_name": str,
            "visitors": int,
            "drop_offs": int,
            "cumulative_drop_off_rate": RATE,
        }
    ],
}
EXPERIMENTS: Shape = {
    "tests": [
        {
            "test_id": str,
            "test_name": str,
            "status": str,
            "started_at": str,
            "completed_at": TEXT_OR_NULL,
            "variants": [
                {
                    "variant_id": str,
                    "variant_name": str,
                    "is_control": bool,
                    "visitors": int,
                    "conversions": int,
                    "conversion_rate": RATE,
                    "revenue_cents": int,
                    "avg_revenue_per_visitor_cents": WHOLE_OR_NULL,
                    "improvement_vs_control": RATE,
                    "confidence": RATE,
                }
            ],
            "winner": (dict, NONE),
        }
    ]
}
REVENUE: Shape = {
    "period": PERIOD,
    "summary": {
        "total_revenue_cents": int,
        "revenue_per_visitor_cents": WHOLE_OR_NULL,
        "revenue_per_conversion_cents": WHOLE_OR_NULL,
        "refund_rate": RATE,
        "net_revenue_cents": int,
    },
    "by_source": [{"source": str, "revenue_cents": int, "percentage": NUMBER}],
    "by_step": [
        {
            "step_id": str,
            "step_name": str,
            "revenue_cents": int,
            "orders": int,
            "avg_order_value_cents": WHOLE_OR_NULL,
        }
    ],
    "over_time": [
        {
            "timestamp": str,
            "revenue_cents": WHOLE_OR_NULL,
            "orders": WHOLE_OR_NULL,
            "avg_order_value_cents": WHOLE_OR_NULL,
        }
    ],
    "top_products": [
        {"product_id": str, "product_name": str, "revenue_cents": int, "units_sold": int}
    ],
}
REALTIME: Shape = {
    "funnel_id": str,
    "timestamp": str,
    "active_visitors": {
        "total": int,
        "by_step": [{"step_id": str, "step_name": str, "visitors": int}],
    },
    "recent_events": [
        {"event_type": str, "step_id": TEXT_OR_NULL, "timestamp": str, "session_id": str}
    ],
    "conversions_last_5min": {"count": int, "value_cents": int},
}
JOURNEY: Shape = {
    "visitor_id": str,
    "first_seen_at": str,
    "last_seen_at": str,
    "total_sessions": int,
    "total_page_views": int,
    "total_conversions": int,
    "sessions": [
        {
            "session_id": str,
            "started_at": str,
            "ended_at": TEXT_OR_NULL,
            "funnel_id": str,
            "entry_page": TEXT_OR_NULL,
            "exit_page": TEXT_OR_NULL,
            "page_views": int,
            "time_spent_seconds": int,
            "conversions": int,
            "events": [
                {
                    "event_type": str,
                    "page_id": TEXT_OR_NULL,
                    "step_id": TEXT_OR_NULL,
                    "timestamp": str,
                    "metadata": dict,
                }
            ],
        }
    ],
}
BODIES = {
    "overview": OVERVIEW,
    "step": STEP,
    "conversions": CONVERSIONS,
    "dropoffs": DROP_OFFS,
    "ab-tests": EXPERIMENTS,
    "revenue": REVENUE,
    "realtime": REALTIME,
    "journey": JOURNEY,
}


def assert_fits(body: Any, shape: Shape, path: str = "body") -> None:
    """Fields beyond the shape are welcome."""
    if isinstance(shape, dict):
        assert isinstance(body, dict), path
        for name, inner in shape.items():
            assert name in body, f"{path}.{name} is missing"
            assert_fits(body[name], inner, f"{path}.{name}")
    elif isinstance(shape, list):
        assert isinstance(body, list), path
        for number, each in enumerate(body):
            assert_fits(each, shape[0], f"{path}[{number}]")
    else:
        is_flag = isinstance(body, bool) and shape is not bool
        assert isinstance(body, shape) and not is_flag, f"{path} is {body!r}"


def test_a_shape_is_held_to() -> None:
    assert_fits({"a": [{"b": 1}], "c": 2}, {"a": [{"b": int}]})
    wrongs: list[Any] = [{}, {"a": [{"b": True}]}, {"a": [{"b": None}]}, {"a": [{}]}, {"a": {}}]
    for wrong in wrongs:
        with pytest.raises(AssertionError):
            assert_fits(wrong, {"a": [{"b": int}]})


def paths() -> dict[str, tuple[str, dict[str, str]]]:
    days = {"date_from": FIRST, "date_to": LAST}
    rows = shop().stored["funnel_sessions"].values()
    visitor = next(row["visitor_id"] for row in rows if row["organization_id"] == "default")
    funnel = "/funnels/checkout"
    return {
        "overview": (f"{funnel}/overview", days),
        "step": (f"{funnel}/steps/product", days),
        "conversions": (f"{funnel}/conversions", days),
        "dropoffs": (f"{funnel}/dropoffs", days),
        "ab-tests": (f"{funnel}/ab-tests", days),
        "revenue": (f"{funnel}/revenue", days),
        "realtime": (f"{funnel}/realtime", {}),
        "journey": (f"/visitors/{visitor}/journey", {}),
    }


def test_each_body_has_every_field_with_its_type(reading: Reading) -> None:
    for name, (path, parameters) in paths().items():
        body = reading.report(path, **parameters)
        assert_fits(body, BODIES[name], name)
        assert body["as_of"].keys() >= {"newest_event_at", "lag_messages"}


def test_what_is_compared_names_the_period_before_and_the_change(reading: Reading) -> None:
    known = paths()
    for name in ("overview", "step", "conversions", "dropoffs", "revenue"):
        path, parameters = known[name]
        body = reading.report(path, **parameters, compare="previous")
        assert_fits(body, BODIES[name], name)
        assert body["previous"]["period"] == {"start": "2025-12-22", "end": "2026-01-04"}
        for change in body["change"].values():
            assert_fits(change, {"absolute": (int, float, NONE), "relative": RATE})


def test_examples_are_answers(service: QueryProcess) -> None:
    """Each route of these reports has its schema and an example of it in the documentation."""
    told = {}
    for route in router.routes:
        assert isinstance(route, APIRoute)
        answer = route.responses[200]
        shown = answer["content"]["application/json"]["example"]
        answer["model"].model_validate_json(json.dumps(shown))
        told[route.path.rpartition("/")[2]] = shown
    names = {"{step_id}": "step"}
    assert {names.get(name, name) for name in told} == BODIES.keys()
    for name, shown in told.items():
        assert_fits(shown, BODIES[names.get(name, name)], name)
    described = service.get("/openapi.json").json["paths"]
    for route in router.routes:
        assert isinstance(route, APIRoute)
        operation = described[route.path]["get"]
        content = operation["responses"]["200"]["content"]["application/json"]
        assert content["schema"]["$ref"].endswith("Answer")
        assert content["example"]
