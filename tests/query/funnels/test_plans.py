"""Reports read few documents, and always by an index."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.query.funnels.conftest import Reading
from tests.query.funnels.test_bodies import paths

APP = "daybook-query"
COLLECTIONS = (
    "funnels",
    "experiment",
    "exports",
    "funnel_sessions",
    "funnel_users",
    "order",
    "analytics_",
)
SPARE = 2
"""How many more documents a read may examine than it returns."""


@pytest.fixture
def profiled(reading: Reading) -> Iterator[Reading]:
    """Records every command to MongoDB with its profiler."""
    documents = reading.office.world.documents
    documents.command("profile", 2)
    yield reading
    documents.command("profile", 0)


def commands(reading: Reading) -> list[dict[str, Any]]:
    """The query service's commands on the funnels' collections since the last call."""
    documents = reading.office.world.documents
    entries = [
        entry
        for entry in documents["system.profile"].find(
            {"appName": APP, "op": {"$in": ["query", "command"]}}
        )
        if entry["ns"].partition(".")[2].startswith(COLLECTIONS)
    ]
    documents.command("profile", 0)
    documents.drop_collection("system.profile")
    documents.command("profile", 2)
    return entries


def test_no_report_scans_a_collection(profiled: Reading) -> None:
    for name, (path, parameters) in paths().items():
        compare = {"compare": "previous"} if name not in ("realtime", "journey") else {}
        profiled.report(path, **parameters, **compare)
        entries = commands(profiled)
        assert entries, name
        for entry in entries:
            plan = f"{name}, {entry['ns']}: {entry['planSummary']}"
            assert entry["planSummary"].startswith("IXSCAN") or _is_by_id(entry), plan
            # A sum examines more documents than it returns: all those that the index selects.
            is_sum = "aggregate" in entry["command"]
            needed = entry["keysExamined"] if is_sum else entry["nreturned"]
            assert entry["docsExamined"] <= needed + SPARE, plan


def test_lists_read_their_page_by_id(profiled: Reading) -> None:
    for path in ("/funnels", "/experiments", "/events", "/exports"):
        profiled.report(path, page_size=1)
        for entry in commands(profiled):
            plan = f"{path}, {entry['ns']}: {entry['planSummary']}"
            assert entry["planSummary"].startswith(("IXSCAN", "DISTINCT_SCAN", "EOF")), plan
            assert not entry.get("hasSortStage") or path == "/events", plan
            assert entry["docsExamined"] <= 2, plan


def test_pages_of_converting_visitors_use_the_index_for_their_order(profiled: Reading) -> None:
    path, parameters = paths()["conversions"]
    profiled.report(path, **parameters, page_size=3, page=2)
    (entry,) = [found for found in commands(profiled) if found["ns"].endswith("funnel_sessions")]
    assert not entry.get("hasSortStage")
    assert entry["docsExamined"] <= 2 * 3 + 1


def _is_by_id(entry: dict[str, Any]) -> bool:
    return bool(entry["planSummary"] in ("IDHACK", "EXPRESS_IXSCAN { _id: 1 }"))
