"""A definition holds all that it needs: other segments are put in once, at definition."""

from typing import Any

import pytest

from daybook.segments.filters.resolve import Unresolved, canonical, digest, resolve
from tests.segments.filters.vectors import CARTED, SPENT

KNOWN: dict[tuple[str, int | None], dict[str, Any]] = {
    ("spenders", None): SPENT,
    ("spenders", 1): CARTED,
}


def find(segment: str, version: int | None) -> dict[str, Any]:
    return KNOWN[segment, version]


def test_the_newest_version_is_put_in_unless_one_is_named() -> None:
    filters = {
        "all": [CARTED, {"not": {"segment": "spenders"}}, {"segment": "spenders", "version": 1}]
    }
    assert resolve(filters, find) == {"all": [CARTED, {"not": SPENT}, CARTED]}


def test_a_segment_that_is_not_there_is_refused_by_its_path() -> None:
    filters = {"any": [CARTED, {"not": {"segment": "unknown"}}]}
    with pytest.raises(Unresolved, match=r"^filters\.any\[1\]\.not\.segment: there is no such"):
        resolve(filters, find)


def test_the_size_is_that_with_other_segments() -> None:
    large = {"any": [CARTED] * 50}
    filters = {"all": [{"segment": "large"}] * 5}
    with pytest.raises(Unresolved, match="filters: at most 200 conditions, with those of other"):
        resolve(filters, lambda segment, version: large)
    assert resolve({"all": [{"segment": "large"}] * 4}, lambda segment, version: large)


def test_the_digest_does_not_depend_on_the_order_of_fields() -> None:
    turned = dict(reversed(list(CARTED.items())))
    assert canonical(turned) == canonical(CARTED) == '{"event":"cart_add","within":"PT24H"}'
    assert digest(turned) == digest(CARTED)
    assert len(digest(CARTED)) == 64
    assert digest(SPENT) != digest(CARTED)
