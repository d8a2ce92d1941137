"""The tracking call made as its description allows, and as it does not: described, no 5xx."""

import pytest

from tests.support.collector import CollectorProcess
from tests.support.described import assert_answers_as_described


@pytest.mark.parametrize("is_known", [True, False])
def test_calls_are_answered_as_described(shared: CollectorProcess, is_known: bool) -> None:
    headers = {"X-Daybook-Key": shared.key} if is_known else {}
    assert assert_answers_as_described(shared, headers) >= 1
