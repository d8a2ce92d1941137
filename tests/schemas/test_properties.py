"""Free-form properties are limited, so that every store can hold them."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from schemas.catalogue import source
from schemas.properties import BYTES_MAX

EVENTS = source("sc.tracking.funnel").events


def view(metadata: str) -> str:
    event = {
        "event_id": "00000000-0000-0000-0000-000000000001",
        "event_type": "page_view",
        "occurred_at": "2026-03-02T12:00:00Z",
        "schema_version": 1,
        "data": {"visitor_id": "v", "session_id": "s", "metadata": "HERE"},
    }
    return json.dumps(event).replace('"HERE"', metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"a.b": "$c", "$date": 5, "": None},
        {"most": 2**63 - 1, "least": -(2**63) + 1, "tiny": 5e-324, "yes": True},
        {"long": "x" * (BYTES_MAX - 11)},
        {"deep": json.loads("[" * 19 + "]" * 19)},
    ],
)
def test_properties_within_the_limits_are_unchanged(metadata: dict[str, Any]) -> None:
    assert EVENTS.validate_json(view(json.dumps(metadata)))["data"]["metadata"] == metadata


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ('{"n": 9223372036854775808}', "64-bit integers"),
        ('{"list": [{"n": -9223372036854775808}]}', "64-bit integers"),
        ('{"n": NaN}', "finite numbers"),
        (r'{"a\u0000b": 1}', "no NUL in a name"),
        ('{"deep": ' + "[" * 20 + "]" * 20 + "}", "may nest at most 20 levels"),
        ('{"long": "' + "x" * (BYTES_MAX - 10) + '"}', "may have at most 4096 bytes as JSON"),
        ('{"zeros": [' + "0," * 2_000 + "0]}", "at most 8192 bytes as MongoDB stores them"),
        ('{"many": [' + "[]," * 300_000 + "[]]}", "may have at most 4096 bytes as JSON"),
        ("[]", "should be an object"),
    ],
)
def test_other_properties_are_refused_with_the_limit(metadata: str, why: str) -> None:
    with pytest.raises(ValidationError) as refused:
        EVENTS.validate_json(view(metadata))
    [error] = refused.value.errors()
    assert error["loc"][-1] == "metadata"
    assert why in error["msg"]
