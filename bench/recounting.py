"""Measures `verify --all` of a storefront's traffic, in a process of its own."""

from dataclasses import replace

from bench.figure import Figure
from bench.result import Result
from bench.runs import Log, Runs
from bench.stopwatch import Measured, Stopwatch, Watch
from bench.storefront import PREFIX, TOPIC, Storefront
from daybook.engine.kafka import clients
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.recount.groups import find
from daybook.recount.verify import verify_group

EVENTS = 1_000_000
SECONDS_MAX = 90

_WHAT = "verify funnel-step --all of 1,000,000 tracking events"


def recounting(runs: Runs, pairs: int) -> Result:
    """Counts the traffic once, and recounts it once: each takes minutes, whatever `pairs` is."""
    traffic = Storefront(EVENTS)
    runs.log(f"publishing {EVENTS:,} events to {TOPIC}")
    traffic.publish(runs.settings())
    log = Log(TOPIC, EVENTS, lambda program, documents: None)
    counted, recounted = runs.run_both("funnel-step", "verify", log)
    memory = runs.settings().recount_memory_mib
    return Result(
        {"recount": f"counted in {counted.seconds:,.0f} s, then compared in every field"},
        [],
        [
            Figure(_WHAT, "s", [recounted.seconds], at_most=SECONDS_MAX),
            Figure(f"{_WHAT}: peak memory", "MiB", [recounted.peak_mib], at_most=memory),
        ],
    )


def verify(topic: str, events: int) -> Measured:
    """Recounts what `bench.member.count` has counted. Raises RuntimeError unless all is equal."""
    config = settings()
    plain = find("funnel-step")
    group = replace(
        plain,
        name=f"{plain.name}-{config.mongodb_database}",
        topic=topic,
        definitions=f"{PREFIX}{plain.definitions}",
    )
    stopwatch = Stopwatch()
    stopwatch.start()
    with Watch() as memory:
        report = verify_group(
            clients.common(config),
            database(config),
            group,
            memory_mib=config.recount_memory_mib,
        )
    stopwatch.stop()
    if report.exit_code or not report.states:
        raise RuntimeError(f"the recount found: {str(report.as_json())[:1_000]}")
    return replace(stopwatch.measured(events), peak_mib=memory.peak_mib)
