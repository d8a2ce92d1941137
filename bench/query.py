"""Measures reports over HTTP: a funnel's year uncached and cached, and a thousand dashboards."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from redis import Redis

from bench import year
from bench.comparison import Comparison
from bench.figure import Figure
from bench.http import trial
from bench.http.calls import Call
from bench.http.load import flood
from bench.http.loaded import Load
from bench.http.reads import (
    DAYS,
    REPORTS,
    at_utc,
    in_other_zones,
    judged,
    mixed,
    origins,
    overview,
)
from bench.http.service import service
from bench.http.under import LoadedServer
from bench.result import Result
from bench.runs import Runs
from bench.stopwatch import Measured
from daybook.engine.mongo.client import Documents, database
from daybook.service import api_keys
from models.funnel import FunnelDay
from models.funnel_step import FunnelStepDay

_OURS, _BARE = "daybook serve query --port {port}", "bench.http.bare_endpoint {port} "
_KEYS, _READS = 5, 1_000
_UNCACHED, _CACHED, _CACHED_CONNECTIONS = 30, 1_000, 16
_UNCACHED_MS_MAX, _CACHED_MS_MAX, _HIT_PERCENT_MIN = 200, 20, 90
_JUDGED_MS_MAX = 2_000
_WRITE_SECONDS = 0.1
_HOW = (
    f"overview of {year.DAYS} days of {len(year.STEPS)} steps, uncached and cached over one "
    f"connection, next to the bare endpoint over {_CACHED_CONNECTIONS}; {_READS:,} reads at once, "
    f"each over its own connection, of {len(REPORTS)} reports of {DAYS[0]} and of {DAYS[1]} days "
    f"with {_KEYS} keys: first with an empty cache, then while today's documents are written every "
    f"{_WRITE_SECONDS * 1_000:.0f} ms; client, server, MongoDB and Redis share the machine"
)


class _Runs:
    """The results of all runs; a read's second value is the percentage not built for it."""

    def __init__(self) -> None:
        self.uncached: list[Load] = []
        self.cached: list[Load] = []
        self.judged: list[Load] = []
        self.shares: list[tuple[Measured, Measured]] = []
        self.cold: list[tuple[Load, float]] = []
        self.written: list[tuple[Load, float]] = []


def query(runs: Runs, pairs: int) -> Result:
    """Every response must match the known one byte for byte, apart from `as_of`.

    Raises WrongAnswer, WrongTotals, NotReady.
    """
    settings = runs.settings("bench-query")
    variables = dict(runs.variables) | {
        "DAYBOOK_MONGODB_DATABASE": settings.mongodb_database,
        "DAYBOOK_QUERY_BURST": "1000000",
    }
    found = _Runs()
    with ExitStack() as stack:
        client = stack.enter_context(database(settings).client)
        redis = stack.enter_context(Redis.from_url(settings.redis_url.get_secret_value()))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="daybook-bench-")))
        documents = client[settings.mongodb_database]
        year.fill(documents)
        trial.fill(documents)
        keys = [_key(documents) for _ in range(_KEYS)]
        ours = LoadedServer(runs, "query", stack.enter_context(service(_OURS, variables)))
        year_call, body = overview(ours.port, keys[0])
        (folder / "report.json").write_bytes(body)
        test_call = judged(ours.port, keys[0])
        bare_command = f"{_BARE}{folder / 'report.json'}"
        bare = LoadedServer(runs, "bare endpoint", stack.enter_context(service(bare_command, {})))
        reads = mixed(ours.port, keys, _READS)
        for _ in range(pairs):
            redis.flushall()
            found.uncached.append(
                _load(ours, "a year, uncached", in_other_zones(year_call, _UNCACHED), 1)
            )
            found.judged.append(_load(ours, "a test, uncached", at_utc(test_call), 1))
            found.cached.append(_load(ours, "a year, cached", [year_call] * _CACHED, 1))
            our_load, bare_load = (
                _load(server, "a year", [year_call] * _CACHED, _CACHED_CONNECTIONS)
                for server in (ours, bare)
            )
            found.shares.append((our_load.measured(), bare_load.measured()))
            redis.flushall()
            found.cold.append(_dashboards(ours, "dashboards", reads))
            with _writing(documents):
                found.written.append(_dashboards(ours, "dashboards, during writes", reads))
    share = Comparison("overview of a year, cached", "bare endpoint, same bytes", found.shares)
    return Result({"query": _HOW}, [share], list(_figures(found)))


def _figures(found: _Runs) -> Iterator[Figure]:
    for what, loads, at_most in (
        ("overview of a year, uncached", found.uncached, _UNCACHED_MS_MAX),
        ("overview of a year, cached", found.cached, _CACHED_MS_MAX),
        (f"a test of {trial.VISITORS:,} visitors, uncached", found.judged, _JUDGED_MS_MAX),
    ):
        yield Figure(f"{what}: p50", "ms", [load.percentile(50) for load in loads])
        p95 = [load.percentile(95) for load in loads]
        yield Figure(f"{what}: p95", "ms", p95, at_most=at_most)
        yield Figure(f"{what}: CPU per call", "µs", [load.cpu_micros for load in loads])
    for what, runs in (("empty cache", found.cold), ("during writes", found.written)):
        reads = f"{_READS:,} dashboards at once, {what}"
        hits = [percent for _, percent in runs]
        yield Figure(f"{reads}: without building a report", "%", hits, at_least=_HIT_PERCENT_MIN)
        yield Figure(f"{reads}: reads", "per second", [load.rate for load, _ in runs])
        yield Figure(f"{reads}: p95", "ms", [load.percentile(95) for load, _ in runs])


def _load(server: LoadedServer, what: str, calls: Iterable[Call], connections: int) -> Load:
    return server.load(what, lambda port: flood(port, calls, connections))


def _dashboards(server: LoadedServer, what: str, calls: list[Call]) -> tuple[Load, float]:
    """The load, and the percentage of responses that were not built for it."""
    before = origins(server.port)
    load = _load(server, what, calls, len(calls))
    counts = {name: count - before.get(name, 0) for name, count in origins(server.port).items()}
    return load, 100 * (1 - counts.get("made", 0) / sum(counts.values()))


@contextmanager
def _writing(documents: Documents) -> Iterator[None]:
    """Writes today's documents of the funnel again and again meanwhile, as members would."""
    stopped = Event()
    today = {"date": datetime.combine(year.LAST, datetime.min.time(), UTC)}
    mark = {"updated_at": "$$NOW", "_daybook.revision": {"$add": ["$_daybook.revision", 1]}}

    def write() -> None:
        while not stopped.wait(_WRITE_SECONDS):
            for model in (FunnelDay, FunnelStepDay):
                documents[model.collection].update_many(today, [{"$set": mark}])

    writer = Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stopped.set()
        writer.join()


def _key(documents: Documents) -> str:
    return api_keys.create(documents, "read", year.ORGANIZATION, "bench", datetime.now(UTC))[0]
