"""How the groups stand as Prometheus metrics, asked anew at each scrape."""

from collections.abc import Callable, Iterator
from threading import Lock

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from daybook.engine.errors import DaybookError
from daybook.engine.operations.status import GroupStatus

Ask = Callable[[], list[GroupStatus]]


class StandingCollector(Collector):
    """The lag of a member that died is in no member's metrics; here it goes on being told.

    While a server is away, only `daybook_exporter_up` is told, as 0.
    """

    def __init__(self, ask: Ask, note: Callable[[str], None]) -> None:
        self._ask = ask
        self._note = note
        self._lock = Lock()

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("daybook_exporter_up", "1 if Kafka and MongoDB answered this scrape")
        standings: list[GroupStatus] = []
        with self._lock:
            try:
                standings = self._ask()
                up.add_metric([], 1)
            except DaybookError as error:
                self._note(str(error))
                up.add_metric([], 0)
        yield up
        if standings:
            yield from _metrics(standings)

    def describe(self) -> list[Metric]:
        return []


def _metrics(standings: list[GroupStatus]) -> Iterator[Metric]:
    place = ["group", "topic", "partition"]
    lag = GaugeMetricFamily(
        "daybook_lag_messages",
        "Messages between the last durable one and the log's end",
        labels=place,
    )
    stuck = GaugeMetricFamily(
        "daybook_offsets_lost",
        "1 if the log does not hold what is to be counted next",
        labels=place,
    )
    members = _of_group("daybook_members", "Members that gave a sign of life in 15 s")
    newest = _of_group("daybook_newest_event_timestamp_seconds", "The newest event applied")
    waiting = _of_group("daybook_dead_letters_waiting", "Dead letters that were not replayed")
    gaps = _of_group("daybook_gaps_accepted", "Gaps in the log that were accepted")
    for one in standings:
        for partition in one.partitions:
            labels = [one.group, partition.topic, str(partition.partition)]
            lag.add_metric(labels, partition.lag)
            stuck.add_metric(labels, not partition.in_log)
        members.add_metric([one.group], one.members)
        if one.newest_event_at:
            newest.add_metric([one.group], one.newest_event_at.timestamp())
        waiting.add_metric([one.group], one.dead_letters_waiting)
        gaps.add_metric([one.group], one.gaps_accepted)
    yield from (lag, stuck, members, newest, waiting, gaps)


def _of_group(name: str, tells: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, tells, labels=["group"])
