"""How a group stands, with and without members; and the same as metrics."""

from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from daybook.cli.support.status_exporter import StandingCollector
from daybook.engine.errors import Unavailable
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.operations.status import (
    GroupStatus,
    PartitionStatus,
    newest_event,
    partition_status,
)

PLACE = ("orders", 3)
LOG = LogBounds(10, 100)


def test_lag_is_what_the_log_holds_beyond_the_checkpoint() -> None:
    assert partition_status(PLACE, 60, LOG).lag == 40
    assert partition_status(PLACE, 100, LOG).lag == 0


def test_a_group_that_never_ran_has_the_whole_log_before_it() -> None:
    found = partition_status(PLACE, None, LOG)
    assert (found.next, found.lag, found.in_log) == (10, 90, True)


@pytest.mark.parametrize(("reached", "lag"), [(5, 95), (101, 0)])
def test_what_the_log_lost_is_told(reached: int, lag: int) -> None:
    found = partition_status(PLACE, reached, LOG)
    assert (found.in_log, found.lag) == (False, lag)


def test_the_newest_event_is_the_latest_moment_that_any_member_tells() -> None:
    earlier, later = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (21, 22))
    told: list[dict[str, Any]] = [
        {"newest_event_at": later},
        {"newest_event_at": earlier},
        {"newest_event_at": None},
        {},
    ]
    assert newest_event(told) == later
    assert newest_event([]) is None


def standing(newest_event_at: datetime | None) -> GroupStatus:
    return GroupStatus(
        group="sc-analytics-revenue",
        members=2,
        partitions=[PartitionStatus("orders", 3, 60, 100, True)],
        newest_event_at=newest_event_at,
        newest_day="2026-11-20",
        dead_letters_waiting=5,
        gaps_accepted=1,
        topics_missing=[],
    )


def scrape(collector: StandingCollector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_the_exporter_tells_lag_by_partition() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    told = scrape(StandingCollector(lambda: [standing(moment)], print))
    place = 'group="sc-analytics-revenue",partition="3",topic="orders"'
    assert f"daybook_lag_messages{{{place}}} 40.0" in told
    assert f"daybook_offsets_lost{{{place}}} 0.0" in told
    assert 'daybook_members{group="sc-analytics-revenue"} 2.0' in told
    assert 'daybook_dead_letters_waiting{group="sc-analytics-revenue"} 5.0' in told
    assert 'daybook_gaps_accepted{group="sc-analytics-revenue"} 1.0' in told
    assert f"{moment.timestamp():.5e}"[:6] in told
    assert "daybook_exporter_up 1.0" in told


def test_what_is_not_known_is_not_told() -> None:
    told = scrape(StandingCollector(lambda: [standing(None)], print))
    assert "daybook_newest_event_timestamp_seconds{" not in told


def test_while_a_server_is_away_the_exporter_says_only_that() -> None:
    def away() -> list[GroupStatus]:
        raise Unavailable("Kafka does not answer")

    noted: list[str] = []
    told = scrape(StandingCollector(away, noted.append))
    assert "daybook_exporter_up 0.0" in told
    assert "daybook_lag_messages" not in told
    assert noted == ["Kafka does not answer"]
