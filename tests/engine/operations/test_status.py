"""The status of a group, with and without members, and the same as metrics."""

from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from daybook.cli.support.status_exporter import StatusCollector
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


def test_lag_is_the_number_of_messages_above_the_checkpoint() -> None:
    assert partition_status(PLACE, 60, LOG).lag == 40
    assert partition_status(PLACE, 100, LOG).lag == 0


def test_a_group_that_never_ran_lags_by_the_whole_log() -> None:
    found = partition_status(PLACE, None, LOG)
    assert (found.next, found.lag, found.in_log) == (10, 90, True)


@pytest.mark.parametrize(("reached", "lag"), [(5, 95), (101, 0)])
def test_a_checkpoint_outside_the_log_is_reported(reached: int, lag: int) -> None:
    found = partition_status(PLACE, reached, LOG)
    assert (found.in_log, found.lag) == (False, lag)


def test_the_newest_event_is_the_latest_of_all_heartbeats() -> None:
    earlier, later = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (21, 22))
    heartbeats: list[dict[str, Any]] = [
        {"newest_event_at": later},
        {"newest_event_at": earlier},
        {"newest_event_at": None},
        {},
    ]
    assert newest_event(heartbeats) == later
    assert newest_event([]) is None


def status(newest_event_at: datetime | None) -> GroupStatus:
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


def scrape(collector: StatusCollector) -> str:
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry).decode()


def test_the_exporter_reports_lag_by_partition() -> None:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    metrics = scrape(StatusCollector(lambda: [status(moment)], print))
    place = 'group="sc-analytics-revenue",partition="3",topic="orders"'
    assert f"daybook_lag_messages{{{place}}} 40.0" in metrics
    assert f"daybook_offsets_lost{{{place}}} 0.0" in metrics
    assert 'daybook_members{group="sc-analytics-revenue"} 2.0' in metrics
    assert 'daybook_dead_letters_waiting{group="sc-analytics-revenue"} 5.0' in metrics
    assert 'daybook_gaps_accepted{group="sc-analytics-revenue"} 1.0' in metrics
    assert f"{moment.timestamp():.5e}"[:6] in metrics
    assert "daybook_exporter_up 1.0" in metrics


def test_unknown_values_are_not_exported() -> None:
    metrics = scrape(StatusCollector(lambda: [status(None)], print))
    assert "daybook_newest_event_timestamp_seconds{" not in metrics


def test_while_a_server_is_unavailable_the_exporter_reports_only_that() -> None:
    def away() -> list[GroupStatus]:
        raise Unavailable("Kafka does not answer")

    logged: list[str] = []
    metrics = scrape(StatusCollector(away, logged.append))
    assert "daybook_exporter_up 0.0" in metrics
    assert "daybook_lag_messages" not in metrics
    assert logged == ["Kafka does not answer"]
