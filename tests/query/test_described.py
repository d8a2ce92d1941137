"""Valid and invalid requests to every route get the responses that OpenAPI describes."""

import pytest

from tests.query.conftest import Office
from tests.support.described import assert_answers_as_described

STREAM = "/api/v1/analytics/stream"
"""Its responses never end; `test_fuzz` covers it."""


@pytest.mark.parametrize("role", ["admin", "nobody"])
def test_responses_are_as_the_openapi_document_describes(stored: Office, role: str) -> None:
    service = stored.start(DAYBOOK_QUERY_BURST="100000")
    keys = {"admin": stored.admin, "nobody": "dbread_"}
    headers = {"Authorization": f"Bearer {keys[role]}"}
    routes = assert_answers_as_described(service, headers, but=STREAM)
    assert routes >= len(service.get("/openapi.json").json["paths"]) - 1
