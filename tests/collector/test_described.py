"""Calls generated from the OpenAPI description, valid and invalid, get described responses."""

import pytest

from tests.support.collector import CollectorProcess
from tests.support.described import assert_answers_as_described


@pytest.mark.parametrize("is_known", [True, False])
def test_responses_match_the_openapi_description(shared: CollectorProcess, is_known: bool) -> None:
    headers = {"X-Daybook-Key": shared.key} if is_known else {}
    assert assert_answers_as_described(shared, headers) >= 1
