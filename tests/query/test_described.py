"""Every report asked as its description allows, and as it does not: described answers, no 5xx."""

import pytest

from tests.query.conftest import Office
from tests.support.described import assert_answers_as_described

STREAM = "/api/v1/analytics/stream"
"""Its answers have no end; `test_fuzz` asks for it in every way."""


@pytest.mark.parametrize("who", ["admin", "nobody"])
def test_reports_are_as_described(stored: Office, who: str) -> None:
    service = stored.start(DAYBOOK_QUERY_BURST="100000")
    keys = {"admin": stored.admin, "nobody": "dbread_"}
    headers = {"Authorization": f"Bearer {keys[who]}"}
    routes = assert_answers_as_described(service, headers, but=STREAM)
    assert routes >= len(service.get("/openapi.json").json["paths"]) - 1
