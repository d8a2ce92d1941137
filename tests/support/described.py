"""Tests a service with requests generated from its own OpenAPI document, valid and invalid."""

import json
from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.service import ServiceProcess

_EXAMPLES = 6
_CLASSES = r"\\p{Cc}\\p{Cf}\\p{Co}"
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_BOUNDED = settings(
    max_examples=_EXAMPLES,
    derandomize=True,  # so that failures are reproducible
    database=None,
    suppress_health_check=list(HealthCheck),
)


def assert_answers_as_described(
    service: ServiceProcess, headers: Mapping[str, str], but: str | None = None
) -> int:
    """Asserts that responses have a described status and body, and are never 5xx.

    Covers every route except the one at `but`, with valid and invalid requests. Returns the number
    of routes.
    """
    document = service.call("GET", "/openapi.json", None, {}).body.decode()
    # The generator of texts for patterns does not support Unicode classes.
    schema = schemathesis.openapi.from_dict(json.loads(document.replace(_CLASSES, "")))
    address = f"http://127.0.0.1:{service.port}"
    routes = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.path == but:
            continue
        allowed = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        others = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)

        @_BOUNDED
        @given(case=allowed | others)
        def request(case: Case[Any]) -> None:
            case.call_and_validate(address, headers=dict(headers), checks=_CHECKS, timeout=30)

        request()
        routes += 1
    return routes
