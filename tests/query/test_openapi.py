"""The OpenAPI document is complete and up to date, and its examples are valid responses."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bson import Int64
from redis import Redis

from daybook.funnels.live import redis_keys
from daybook.query.app import routed
from daybook.query.examples import example
from daybook.query.openapi import ASSETS, text
from models.event_metrics import EventMetricsDay
from models.funnel import FunnelDay
from models.order_funnel import OrderFunnelDay
from models.revenue import RevenueDay
from models.user_lifecycle import UserLifecycleDay
from tests.query.conftest import ORGANIZATION, Office
from tests.query.events.test_routes import define, fill, recent_member
from tests.support.query import QueryProcess

ROOT = Path(__file__).parents[2]
DAYS = {"first": "2026-11-01", "last": "2026-11-02"}
PATHS: dict[str, tuple[str, dict[str, str]]] = {
    "user-lifecycle": ("/user-lifecycle", DAYS),
    "order-funnel": ("/order-funnel", DAYS),
    "revenue": ("/revenue", DAYS),
    "event-metrics": ("/events/gala/metrics", DAYS),
    "event-live": ("/events/gala/live", {}),
    "dashboard": (f"/organizations/{ORGANIZATION}/dashboard", DAYS),
}


def test_the_document_is_up_to_date() -> None:
    stored = (ROOT / "docs/openapi.json").read_text(encoding="utf-8")
    assert stored == text(routed()), "run: daybook schemas --openapi > docs/openapi.json"


def test_every_route_has_an_example_and_its_problems() -> None:
    for path, methods in json.loads(text(routed()))["paths"].items():
        for each in methods.values():
            [status] = {"200", "202"} & each["responses"].keys()
            [content] = each["responses"][status]["content"].values()
            assert content["example"], path
            assert {"401", "403", "404", "422", "429", "503"} <= each["responses"].keys()


def test_a_service_serves_the_stored_document(service: QueryProcess) -> None:
    kept = json.loads((ROOT / "docs/openapi.json").read_text(encoding="utf-8"))
    assert service.get("/openapi.json", "").json == kept


def counted(office: Office) -> None:
    define(office)
    fill(office)
    today = datetime.now(UTC).date().isoformat()
    office.day(EventMetricsDay, today, ORGANIZATION, "gala", views=9, currencies={})
    office.day(FunnelDay, "2026-11-01", ORGANIZATION, "spring", sessions=12, conversions=3)
    office.day(UserLifecycleDay, "2026-11-01", registrations=4, verifications=3)
    office.day(OrderFunnelDay, "2026-11-01", orders_created=4, payments_initiated=3)
    paid = {"gross_revenue_cents": Int64(5_000), "net_revenue_cents": Int64(5_000)}
    euros = paid | {"paid_orders": Int64(2)}
    office.day(RevenueDay, "2026-11-01", currencies={"EUR": euros})
    recent = redis_keys.event_recent(ORGANIZATION, "gala")
    with Redis.from_url(office.world.variables["DAYBOOK_REDIS_URL"]) as redis:
        redis.zadd(recent, {recent_member("s-1"): datetime.now(UTC).timestamp() * 1000})


def shape(value: Any) -> Any:
    """Only the names of fields; of a list only the first element, as the others are alike."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else None


def test_examples_have_the_shape_of_responses(office: Office, service: QueryProcess) -> None:
    counted(office)
    service.key = office.admin
    for name, (path, parameters) in PATHS.items():
        of = {"organization_id": ORGANIZATION} if path.startswith("/events") else {}
        answer = service.report(path, **parameters, **of).json
        assert shape(example(name)) == shape(answer), f"query/examples/{name}.json is stale"


def test_the_docs_page_loads_nothing_from_other_servers(service: QueryProcess) -> None:
    page = service.get("/docs", "")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy
    html = page.body.decode()
    assert "//" not in html
    assert not re.search(r"<script(?! src=)|\son\w+=", html)
    for asset in ("start.js", *ASSETS):
        assert f"docs/{asset}" in html
        reply = service.get(f"/docs/{asset}", "")
        assert (reply.status, reply.headers["x-content-type-options"]) == (200, "nosniff")
        assert reply.headers["content-type"].startswith(("text/javascript", "text/css"))
    other = service.get("/health", "").headers["content-security-policy"]
    assert other == "default-src 'none'; frame-ancestors 'none'"
