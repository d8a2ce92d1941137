"""Times of RFC 3339 are read in every form that it has, and nothing else is read."""

from datetime import UTC, datetime

import pytest

from daybook.engine.moment import parse_moment
from tests.support.times import OTHER_TEXTS, SAME_TIMES


@pytest.mark.parametrize(("text", "at"), SAME_TIMES)
def test_every_form_is_read_to_the_millisecond(text: str, at: str) -> None:
    assert parse_moment(text).astimezone(UTC) == datetime.fromisoformat(at)


@pytest.mark.parametrize("text", OTHER_TEXTS)
def test_nothing_else_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_moment(text)
