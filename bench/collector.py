"""Measures the collector over HTTP: latency at a fixed rate, throughput next to a bare endpoint."""

from contextlib import ExitStack
from datetime import UTC, datetime

from confluent_kafka import TopicPartition

from bench.comparison import Comparison, Goal
from bench.figure import Figure
from bench.http.calls import BATCH_EVENTS, batches, singles
from bench.http.load import flood, pace
from bench.http.loaded import Load
from bench.http.service import service
from bench.http.under import LoadedServer
from bench.result import Result
from bench.runs import Runs
from bench.servers import PARTITIONS
from bench.totals import WrongTotals
from daybook.collector.event import TOPIC
from daybook.engine.kafka import clients
from daybook.engine.kafka.topics import DeclaredTopic, create
from daybook.engine.mongo.client import database
from daybook.engine.settings import Settings
from daybook.service import api_keys
from schemas.catalogue import catalogue

RATE, PACED_CALLS = 1_000, 8_000
_SINGLES, _CONNECTIONS = 12_000, 64
_BATCHES, _BATCH_CONNECTIONS = 200, 4
_P95_MS_MAX, _BATCHED_MIN, _SHARE_MIN = 50, 20_000, 0.5
_OURS, _BARE = "daybook serve collector --port {port}", "bench.http.bare_endpoint {port}"
_HOW = (
    f"events of about 350 bytes; single events with a write key from 5,000 addresses over "
    f"{_CONNECTIONS} connections, batches of {BATCH_EVENTS} with a server key over "
    f"{_BATCH_CONNECTIONS}; latency from when a call was due, at {RATE:,} per second; client, "
    "server, broker, MongoDB and Redis share the machine"
)


def collector(runs: Runs, pairs: int) -> Result:
    """Checks every response, and that the log holds exactly the accepted events.

    Raises WrongAnswer, WrongTotals, NotReady.
    """
    settings = runs.settings()
    create(clients.admin(settings), DeclaredTopic(TOPIC, PARTITIONS, 1, catalogue().config(TOPIC)))
    key, server_key = _key(settings, "write"), _key(settings, "server")
    calls, due_calls = singles(key, _SINGLES), singles(key, PACED_CALLS)
    large = list(batches(server_key, _BATCHES))
    singles_pairs, paced, bare_paced, batched = [], [], [], []

    def single(port: int) -> Load:
        return flood(port, calls, _CONNECTIONS)

    def at_rate(port: int) -> Load:
        return pace(port, due_calls, RATE, _CONNECTIONS)

    def batch(port: int) -> Load:
        return flood(port, large, _BATCH_CONNECTIONS)

    with ExitStack() as stack:
        variables = dict(runs.variables) | {
            "DAYBOOK_MONGODB_DATABASE": settings.mongodb_database,
            "DAYBOOK_TRUSTED_PROXIES": "127.0.0.1/32",
        }
        ours = LoadedServer(runs, "collector", stack.enter_context(service(_OURS, variables)))
        bare = LoadedServer(runs, "bare endpoint", stack.enter_context(service(_BARE, {})))
        for server in (ours, bare):
            server.load("warming up", single)
        for _ in range(pairs):
            ours_single = ours.load("single events", single)
            singles_pairs.append(
                (ours_single.measured(), bare.load("single events", single).measured())
            )
            paced.append(ours.load(f"{RATE:,} per second", at_rate))
            bare_paced.append(bare.load(f"{RATE:,} per second", at_rate))
            batched.append(ours.load(f"batches of {BATCH_EVENTS}", batch))
    _check(settings, ours.accepted)
    share = Comparison("collector, single events", "bare endpoint", singles_pairs, Goal(_SHARE_MIN))
    return Result({"collector": _HOW}, [share], _figures(paced, bare_paced, batched))


def _figures(paced: list[Load], bare_paced: list[Load], batched: list[Load]) -> list[Figure]:
    at = f"collector at {RATE:,} events/s"

    def latency(loads: list[Load], percent: int) -> list[float]:
        return [load.percentile(percent) for load in loads]

    return [
        Figure(f"{at}: p50", "ms", latency(paced, 50)),
        Figure(f"{at}: p95", "ms", latency(paced, 95), at_most=_P95_MS_MAX),
        Figure(f"{at}: p99", "ms", latency(paced, 99)),
        Figure(f"{at}: CPU per event", "µs", [load.cpu_micros for load in paced]),
        Figure(f"bare endpoint at {RATE:,} calls/s: p95", "ms", latency(bare_paced, 95)),
        Figure(
            f"collector, batches of {BATCH_EVENTS}",
            "events/s",
            [load.rate for load in batched],
            at_least=_BATCHED_MIN,
        ),
        Figure("collector, batches: CPU per event", "µs", [load.cpu_micros for load in batched]),
    ]


def _key(settings: Settings, kind: api_keys.Kind) -> str:
    with database(settings).client as client:
        documents = client[settings.mongodb_database]
        return api_keys.create(documents, kind, "shop", "bench", datetime.now(UTC))[0]


def _check(settings: Settings, accepted: int) -> None:
    """Raises WrongTotals unless the log holds exactly as many events as were accepted."""
    reader = clients.reader(settings)
    ends = [
        reader.get_watermark_offsets(TopicPartition(TOPIC, number), timeout=10)[1]
        for number in range(PARTITIONS)
    ]
    reader.close()
    if sum(ends) != accepted:
        raise WrongTotals(f"{TOPIC} holds {sum(ends):,} events, but {accepted:,} were accepted")
