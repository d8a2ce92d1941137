"""A day's document as the Redis hash of a dashboard."""

from datetime import UTC, datetime
from typing import Any

from daybook.funnels.live.totals import totals_of_event, totals_of_funnel

AT = datetime(2026, 11, 20, 12, 0, 0, 5_000, tzinfo=UTC)


def stored(**fields: Any) -> dict[str, Any]:
    return {
        "organization_id": "org:1",
        "date": datetime(2026, 11, 20, tzinfo=UTC),
        "updated_at": AT,
        "_daybook": {"revision": 1_790_000_000_001},
    } | fields


def test_a_funnels_hash_has_every_number_but_no_map() -> None:
    totals = totals_of_funnel(
        stored(
            funnel_id="f.1",
            page_views=3,
            sessions=0,
            value_cents=None,
            sources={"Google": {"visitors": 2}},
            hours={"12": {"page_views": 3}},
            currencies={"USD": {"value_cents": 5, "sources": {}}, "EUR": {"value_cents": 90}},
        )
    )
    assert totals.key == "analytics:funnel:org%3A1:f%2E1:live"
    assert (totals.date, totals.revision) == ("2026-11-20", 1_790_000_000_001)
    assert totals.fields == {
        "organization_id": "org:1",
        "funnel_id": "f.1",
        "updated_at": "2026-11-20T12:00:00.005+00:00",
        "page_views": 3,
        "sessions": 0,
        "value_cents.EUR": 90,
        "value_cents.USD": 5,
    }
    assert (totals.channel, totals.dashboard) == (None, "analytics:dashboard:org%3A1")


def test_a_ticketed_events_hash_has_the_rate_unless_it_is_null() -> None:
    with_rate = totals_of_event(
        stored(event_id="gala", views=4, conversion_rate=0.25, revenue_cents=70)
    )
    assert with_rate.fields["conversion_rate"] == 0.25
    assert with_rate.fields["revenue_cents"] == 70
    assert with_rate.key == "analytics:event:org%3A1:gala:live"
    assert with_rate.channel == "analytics:event:org%3A1:gala"
    without = totals_of_event(stored(event_id="gala", views=4, conversion_rate=None))
    assert "conversion_rate" not in without.fields


def test_a_ticketed_events_hash_has_its_capacity_and_the_sums_of_all_days() -> None:
    over_all_days = {"capacity": 500, "total_tickets_sold": 40, "total_admissions": 0}
    totals = totals_of_event(stored(event_id="gala", views=4, **over_all_days))
    assert totals.fields.items() >= over_all_days.items()
    unpublished = totals_of_event(stored(event_id="gala", **(over_all_days | {"capacity": None})))
    assert "capacity" not in unpublished.fields
