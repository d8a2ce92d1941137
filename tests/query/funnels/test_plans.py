"""Reports read few documents, each by an index."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.query.funnels.conftest import Reading
from tests.query.funnels.test_bodies import paths

APP = "daybook-query"
KEPT = ("funnels", "experiments", "funnel_sessions", "analytics_")
SPARE = 2
"""Documents that an index leads to beyond those that are returned."""


@pytest.fixture
def profiled(reading: Reading) -> Iterator[Reading]:
    """Every question that MongoDB is asked is written down."""
    documents = reading.office.world.documents
    documents.command("profile", 2)
    yield reading
    documents.command("profile", 0)


def asked(reading: Reading) -> list[dict[str, Any]]:
    """What the query service asked of the funnels' collections, and how it was answered."""
    documents = reading.office.world.documents
    own = [
        each
        for each in documents["system.profile"].find(
            {"appName": APP, "op": {"$in": ["query", "command"]}}
        )
        if each["ns"].partition(".")[2].startswith(KEPT)
    ]
    documents.command("profile", 0)
    documents.drop_collection("system.profile")
    documents.command("profile", 2)
    return own


def test_no_report_scans_a_collection(profiled: Reading) -> None:
    for name, (path, parameters) in paths().items():
        compare = {"compare": "previous"} if name not in ("ab-tests", "realtime", "journey") else {}
        profiled.report(path, **parameters, **compare)
        questions = asked(profiled)
        assert questions, name
        for question in questions:
            plan = f"{name}, {question['ns']}: {question['planSummary']}"
            assert question["planSummary"].startswith("IXSCAN") or _is_by_id(question), plan
            # Sums return fewer than they are made of: all that the index led to.
            is_sum = "aggregate" in question["command"]
            wanted = question["keysExamined"] if is_sum else question["nreturned"]
            assert question["docsExamined"] <= wanted + SPARE, plan


def test_pages_of_converting_visitors_come_by_the_index_in_their_order(profiled: Reading) -> None:
    path, parameters = paths()["conversions"]
    profiled.report(path, **parameters, page_size=3, page=2)
    (question,) = [each for each in asked(profiled) if each["ns"].endswith("funnel_sessions")]
    assert not question.get("hasSortStage")
    assert question["docsExamined"] <= 2 * 3 + 1


def _is_by_id(question: dict[str, Any]) -> bool:
    return bool(question["planSummary"] in ("IDHACK", "EXPRESS_IXSCAN { _id: 1 }"))
