"""The service only reads from MongoDB, by an index and with a time limit."""

from typing import Any

from consumers import FLEET
from daybook.engine.mongo import indexes
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.order_funnel import OrderFunnelDay
from tests.query.conftest import ORGANIZATION, OTHER, Office

DAYS = {"first": "2026-11-01", "last": "2026-11-28"}
READS = {"find", "getMore", "count", "aggregate"}


def fill(office: Office) -> None:
    for group in FLEET:
        indexes.ensure(office.world.documents, group)
    for number in range(1, 29):
        day = f"2026-11-{number:02d}"
        office.day(OrderFunnelDay, day, orders_created=1)
        for organization in (ORGANIZATION, OTHER):
            for name in ("a", "b"):
                office.day(FunnelDay, day, organization, name)
                office.day(EventMetricsDay, day, organization, name)


def commands(office: Office) -> list[dict[str, Any]]:
    """The commands that the reports send to MongoDB, from its profiler."""
    documents = office.world.documents
    service = office.start(DAYBOOK_REDIS_URL="redis://127.0.0.1:1/0")
    documents.command("profile", 2)
    for path in ("/user-lifecycle", "/order-funnel", "/revenue"):
        assert service.report(path, office.admin, **DAYS, compare="previous").status == 200
    for path in ("/events/a/metrics", f"/organizations/{ORGANIZATION}/dashboard"):
        assert service.report(path, **DAYS, compare="previous").status == 200
    assert service.report("/events/a/live").status == 200
    documents.command("profile", 0)
    found = list(documents["system.profile"].find({"appName": "daybook-query"}))
    assert len(found) > 20
    return found


def test_reports_only_read_by_an_index_and_within_a_time_limit(office: Office) -> None:
    fill(office)
    for entry in commands(office):
        command = entry["command"]
        assert set(command) & READS, command
        assert command["maxTimeMS"] <= 5_000
        assert command["readConcern"]["level"] == "majority"
        assert "COLLSCAN" not in entry.get("planSummary", ""), entry
        # A sum reads more documents than it returns, but none that its index does not name.
        is_sum = "aggregate" in command
        read_max = entry["keysExamined"] if is_sum else 2 * entry.get("nreturned", 0)
        assert entry.get("docsExamined", 0) <= max(read_max, 1), entry
