"""Exports the groups' status to Prometheus, read again at each scrape."""

from collections.abc import Callable, Iterator
from threading import Lock

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daybook.engine.errors import DaybookError
from daybook.engine.operations.status import GroupStatus

ReadStatus = Callable[[], list[GroupStatus]]


class StatusCollector(Collector):
    """Exports what no member's own metrics can: the lag left by a member that died.

    While Kafka or MongoDB is unavailable, `daybook_exporter_up` is 0, and nothing else is
    exported.
    """

    def __init__(self, read_status: ReadStatus, warn: Callable[[str], None]) -> None:
        self._read_status = read_status
        self._warn = warn
        self._lock = Lock()

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("daybook_exporter_up", "1 if Kafka and MongoDB answered this scrape")
        statuses: list[GroupStatus] = []
        with self._lock:
            try:
                statuses = self._read_status()
                up.add_metric([], 1)
            except DaybookError as error:
                self._warn(str(error))
                up.add_metric([], 0)
        yield up
        if statuses:
            yield from _metrics(statuses)

    def describe(self) -> list[Metric]:
        return []


def _metrics(statuses: list[GroupStatus]) -> Iterator[Metric]:
    by_partition = ["group", "topic", "partition"]
    lag = GaugeMetricFamily(
        "daybook_lag_messages",
        "Messages between the group's checkpoint and the log's end",
        labels=by_partition,
    )
    lost = GaugeMetricFamily(
        "daybook_offsets_lost",
        "1 if the log no longer holds the next message to count",
        labels=by_partition,
    )
    members = _by_group("daybook_members", "Members that sent a heartbeat in the last 15 s")
    newest = _by_group(
        "daybook_newest_event_timestamp_seconds", "Time of the newest event that was counted"
    )
    waiting = _by_group("daybook_dead_letters_waiting", "Dead letters that were not replayed")
    gaps = _by_group("daybook_gaps_accepted", "Accepted gaps in the log")
    for status in statuses:
        for partition in status.partitions:
            labels = [status.group, partition.topic, str(partition.partition)]
            lag.add_metric(labels, partition.lag)
            lost.add_metric(labels, not partition.in_log)
        members.add_metric([status.group], status.members)
        if status.newest_event_at:
            newest.add_metric([status.group], status.newest_event_at.timestamp())
        waiting.add_metric([status.group], status.dead_letters_waiting)
        gaps.add_metric([status.group], status.gaps_accepted)
    yield from (lag, lost, members, newest, waiting, gaps)


def _by_group(name: str, description: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, description, labels=["group"])
