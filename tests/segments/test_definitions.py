"""Definitions are immutable, versions follow each other, and what contradicts them is refused."""

from typing import Any

import pytest

from daybook.engine.errors import Poison
from daybook.segments.definitions import IN_FORCE_MAX, Definitions, Pinned
from daybook.segments.filters.resolve import digest
from tests.segments.filters.vectors import CARTED, SPENT, THREE_CARTS


class Topic:
    """Appends events, each a second after the last."""

    def __init__(self) -> None:
        self.definitions = Definitions()
        self.now = 0

    def _take(self, event_type: str, organization: str, **data: Any) -> None:
        self.now += 1_000
        event = {"event_type": event_type, "organization_id": organization, "data": data}
        self.definitions.take(event, self.now)

    def define(
        self, segment: str, version: int, filters: Any, name: str = "n", organization: str = "o"
    ) -> None:
        data = {"segment_id": segment, "version": version, "name": name, "filters": filters}
        self._take("segment.defined", organization, **data)

    def retire(self, segment: str) -> None:
        self._take("segment.retired", "o", segment_id=segment)

    def pin(self, campaign: str, segment: str, version: int) -> None:
        self._take(
            "campaign.pinned", "o", campaign_id=campaign, segment_id=segment, version=version
        )

    def in_force(self, organization: str = "o") -> dict[str, int]:
        found = self.definitions.in_force(organization)
        return {segment: version.number for segment, version in found.items()}


def refused(reason: str) -> Any:
    return pytest.raises(Poison, match=f"^invalid: data.{reason}")


def test_versions_follow_each_other_and_the_newest_is_in_force() -> None:
    topic = Topic()
    topic.define("carted", 1, CARTED)
    topic.define("carted", 2, THREE_CARTS, "Three carts")
    assert topic.in_force() == {"carted": 2}
    segment = topic.definitions.segment("o", "carted")
    assert segment is not None
    first, second = segment.versions
    assert (first.filters, first.defined_ms, first.hash) == (CARTED, 1_000, digest(CARTED))
    assert (second.name, second.filters, second.defined_ms) == ("Three carts", THREE_CARTS, 2_000)


@pytest.mark.parametrize("version", [1, 2, 4])
def test_a_version_that_is_skipped_repeated_or_gone_back_is_refused(version: int) -> None:
    topic = Topic()
    topic.define("carted", 1, CARTED)
    topic.define("carted", 2, THREE_CARTS)
    with refused("version: must be 3"):
        topic.define("carted", version, SPENT)
    assert topic.in_force() == {"carted": 2}


def test_the_same_definition_again_changes_nothing() -> None:
    topic = Topic()
    topic.define("carted", 1, CARTED)
    topic.define("carted", 1, dict(CARTED))
    segment = topic.definitions.segment("o", "carted")
    assert segment is not None
    assert [version.defined_ms for version in segment.versions] == [1_000]


def test_another_segment_is_put_in_as_it_is_now() -> None:
    topic = Topic()
    topic.define("spent", 1, SPENT)
    topic.define("both", 1, {"all": [CARTED, {"segment": "spent"}]})
    topic.define("spent", 2, CARTED)
    both = topic.definitions.in_force("o")["both"]
    assert both.filters == {"all": [CARTED, {"segment": "spent"}]}
    assert both.resolved == {"all": [CARTED, SPENT]}
    topic.define("both", 2, {"segment": "spent", "version": 1})
    assert topic.definitions.in_force("o")["both"].resolved == SPENT


@pytest.mark.parametrize(
    "filters",
    [
        {"segment": "own"},
        {"segment": "unknown"},
        {"segment": "theirs"},
        {"segment": "spent", "version": 2},
    ],
)
def test_a_segment_that_is_itself_unknown_or_of_others_is_not_there(filters: Any) -> None:
    topic = Topic()
    topic.define("spent", 1, SPENT)
    topic.define("theirs", 1, SPENT, organization="p")
    topic.define("own", 1, CARTED)
    with refused(r"filters.any\[0\].segment: there is no such segment or version"):
        topic.define("own", 2, {"any": [filters]})
    assert topic.in_force() == {"spent": 1, "own": 1}


def test_at_most_500_segments_of_an_organization_are_in_force() -> None:
    topic = Topic()
    for number in range(IN_FORCE_MAX):
        topic.define(f"s{number}", 1, CARTED)
    with refused("segment_id: 500 segments are in force already"):
        topic.define("another", 1, CARTED)
    topic.define("s0", 2, SPENT)
    topic.define("another", 1, CARTED, organization="p")
    topic.retire("s0")
    topic.define("another", 1, CARTED)
    assert len(topic.in_force()) == IN_FORCE_MAX


def test_a_retired_segment_is_no_longer_in_force_until_its_next_version() -> None:
    topic = Topic()
    topic.define("carted", 1, CARTED)
    topic.retire("carted")
    assert topic.in_force() == {}
    topic.define("carted", 2, CARTED)
    assert topic.in_force() == {"carted": 2}
    with refused("segment_id: there is no such segment"):
        topic.retire("unknown")


def test_a_campaign_is_pinned_once_to_the_version_in_force() -> None:
    topic = Topic()
    topic.define("carted", 1, CARTED)
    topic.pin("spring", "carted", 1)
    topic.define("carted", 2, THREE_CARTS)
    topic.pin("spring", "carted", 1)
    assert topic.definitions.campaign("o", "spring") == Pinned("carted", 1, 2_000)
    assert topic.definitions.campaign("p", "spring") is None
    with refused("campaign_id: is pinned to another"):
        topic.pin("spring", "carted", 2)
    with refused("version: is not in force"):
        topic.pin("summer", "carted", 1)
    with refused("segment_id: there is no such segment"):
        topic.pin("summer", "unknown", 1)
    topic.retire("carted")
    with refused("version: is not in force"):
        topic.pin("summer", "carted", 2)
