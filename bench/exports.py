"""Measures the export worker: time and memory for files of a funnel's year."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any

from bench import year
from bench.figure import Figure
from bench.result import Result
from bench.runs import Log, Runs
from bench.stopwatch import Measured
from consumers import funnel_step
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import Documents, database
from models.session import Sessions

_SESSIONS, _EVENTS_EACH, _CONVERTS_EVERY = 200_000, 5, 10
_FILES = {
    ("overview", "csv"): 1,
    ("overview", "xlsx"): 1,
    ("overview", "pdf"): 1,
    ("conversions", "csv"): _SESSIONS // _CONVERTS_EVERY,
    ("events", "csv"): _SESSIONS * _EVENTS_EACH,
    ("events", "json"): _SESSIONS * _EVENTS_EACH,
    ("events", "xlsx"): _SESSIONS * _EVENTS_EACH,
}
"""The least number of rows of each file."""

_SECONDS_MAX = 60
_INSERTED_AT_ONCE = 10_000
_SECONDS_APART = year.DAYS * 24 * 3600 / _SESSIONS
_HOW = (
    f"{year.DAYS} days of a funnel, and its {_SESSIONS:,} sessions with {_EVENTS_EACH} events "
    "each; one process per file; MiB is the peak memory of that process"
)


def exports(runs: Runs, pairs: int) -> Result:
    """Makes each file `pairs` times. Raises RunFailed for a file with too few rows."""
    settings = runs.settings("bench-exports")
    made: dict[tuple[str, str], list[Measured]] = {}
    with database(settings).client as client:
        documents = client[settings.mongodb_database]
        try:
            runs.log(f"writing {_SESSIONS:,} sessions")
            _fill(documents)
            for of, rows in list(_FILES.items()) * pairs:
                log = Log("", rows, lambda program, documents: None)
                done = runs.measure("export", log, settings, documents, *map(json.dumps, of))
                made.setdefault(of, []).append(done)
        finally:
            client.drop_database(documents.name)
    return Result({"exports": _HOW}, [], list(_figures(made)))


def _figures(made: dict[tuple[str, str], list[Measured]]) -> Iterator[Figure]:
    for (report, form), runs in made.items():
        what = f"{report} of a year as {form}"
        yield Figure(what, "s", [run.seconds for run in runs], at_most=_SECONDS_MAX)
        yield Figure(f"{what}: peak memory", "MiB", [run.peak_mib for run in runs])


def _fill(documents: Documents) -> None:
    indexes.ensure(documents, funnel_step.GROUP)
    year.fill(documents)
    rows = map(_session, range(_SESSIONS))
    while some := list(islice(rows, _INSERTED_AT_ONCE)):
        documents[Sessions.collection].insert_many(some, ordered=False)


def _session(number: int) -> dict[str, Any]:
    """A session as members store it; they are spread evenly over the year."""
    began = datetime.combine(year.FIRST, time(), UTC) + timedelta(seconds=number * _SECONDS_APART)
    visitor = f"visitor-{number // 2}"
    events = [
        {
            "event_type": "step_entry",
            "page_id": None,
            "step_id": step,
            "at": began + timedelta(seconds=20 * place),
            "metadata": {"experiment": "b", "scroll": 40 + place},
        }
        for place, step in enumerate(year.STEPS[:_EVENTS_EACH])
    ]
    conversion = {
        "at": events[-1]["at"],
        "type": "purchase",
        "step_id": events[-1]["step_id"],
        "value_cents": 1_900,
        "currency": "EUR",
    }
    return {
        "_id": f"{year.ORGANIZATION}:{visitor}:{number}:{year.FUNNEL}",
        "organization_id": year.ORGANIZATION,
        "visitor_id": visitor,
        "session_id": str(number),
        "funnel_id": year.FUNNEL,
        "user_id": None,
        "started_at": began,
        "last_at": events[-1]["at"],
        "entry_page": "/",
        "exit_page": "/",
        "page_views": 0,
        "path": list(year.STEPS[:_EVENTS_EACH]),
        "context": {"source": "Google", "channel": "Organic Search", "device_type": "mobile"},
        "conversions": [] if number % _CONVERTS_EVERY else [conversion],
        "events": events,
        "events_total": _EVENTS_EACH,
    }
