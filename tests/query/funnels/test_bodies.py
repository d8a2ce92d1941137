"""Each report has all the fields that dashboards rely on, with their types."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute

from daybook.query import examples
from daybook.query.funnels.routes import router
from tests.query.funnels.conftest import Reading
from tests.query.funnels.shop import FIRST, LAST, shop
from tests.support.query import QueryProcess

EXAMPLES = Path(examples.__file__).parent / "funnels"
SCHEMAS = Path(__file__).parents[1] / "schemas"
BODIES = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.glob("*.json")}
"""The fields that dashboards rely on, by report, as JSON Schemas that allow more fields."""

CHANGE = {
    "required": ["absolute", "relative"],
    "additionalProperties": {"type": ["number", "null"]},
}


def assert_valid(body: Any, schema: Any, what: str) -> None:
    wrong = [
        f"{what}/{'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
        for error in jsonschema_rs.validator_for(schema).iter_errors(body)
    ]
    assert not wrong


@pytest.mark.parametrize("name", BODIES)
def test_the_schemas_reject_a_missing_field_and_a_wrong_type(name: str) -> None:
    whole = json.loads((EXAMPLES / f"{name}.json").read_text())
    assert_valid(whole, BODIES[name], name)
    for field in BODIES[name]["required"]:
        for wrong in ({k: v for k, v in whole.items() if k != field}, whole | {field: True}):
            with pytest.raises(AssertionError, match=field):
                assert_valid(wrong, BODIES[name], name)


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
        assert_valid(body, BODIES[name], name)
        assert body["as_of"].keys() >= {"newest_event_at", "lag_messages"}


def test_a_comparison_has_the_preceding_period_and_the_changes(reading: Reading) -> None:
    known = paths()
    for name in ("overview", "step", "conversions", "dropoffs", "ab-tests", "revenue"):
        path, parameters = known[name]
        body = reading.report(path, **parameters, compare="previous")
        assert_valid(body, BODIES[name], name)
        assert body["previous"]["period"] == {"start": "2025-12-22", "end": "2026-01-04"}
        for change in body["change"].values():
            assert_valid(change, CHANGE, name)


def test_examples_match_the_schemas_of_their_routes(service: QueryProcess) -> None:
    """Each route's OpenAPI documentation has a schema and a valid example."""
    examples_by_name = {}
    for route in router.routes:
        assert isinstance(route, APIRoute)
        documented = route.responses[200]
        shown = documented["content"]["application/json"]["example"]
        documented["model"].model_validate_json(json.dumps(shown))
        examples_by_name[route.path.rpartition("/")[2]] = shown
    names = {"{step_id}": "step"}
    assert {names.get(name, name) for name in examples_by_name} == BODIES.keys()
    for name, shown in examples_by_name.items():
        assert_valid(shown, BODIES[names.get(name, name)], name)
    described = service.get("/openapi.json").json["paths"]
    for route in router.routes:
        assert isinstance(route, APIRoute)
        operation = described[route.path]["get"]
        content = operation["responses"]["200"]["content"]["application/json"]
        assert content["schema"]["$ref"].endswith("Answer")
        assert content["example"]
