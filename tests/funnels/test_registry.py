"""The registry finds the definition in force, and stores a bounded number of its versions."""

from datetime import UTC, datetime
from typing import Any

import bson
import pytest

from daybook.engine.documents.rows import Row
from daybook.engine.documents.source import Definition
from daybook.engine.partition import Partition
from daybook.funnels.registry import VERSIONS_BYTES_MAX, Registry

HERE = Partition("sc.domain.funnel", "topic-id_1", 0)


def published(
    offset: int, *, name: str = "Checkout", kind: str = "funnel.published", steps: int = 1
) -> Definition:
    event = {
        "event_id": f"00000000-0000-4000-8000-{offset:012d}",
        "event_type": kind,
        "occurred_at": "2026-11-20T10:00:00Z",
        "schema_version": 1,
        "data": {
            "funnel_id": "checkout",
            "name": name,
            "steps": [{"step_id": f"s{n}", "name": name, "type": "page"} for n in range(steps)],
        },
    }
    return Definition(HERE, offset, offset * 1_000, event)


def row_of(registry: Registry, *definitions: Definition) -> dict[str, Any]:
    rows: list[Row | None] = [registry.take(definition) for definition in definitions]
    assert rows[-1] is not None
    return rows[-1].values


def test_a_row_has_the_newest_versions_and_counts_the_others() -> None:
    registry = Registry()
    values = row_of(registry, *(published(n, name=f"v{n}") for n in range(103)))
    assert values["truncated"] == 3
    assert [version["name"] for version in values["versions"]] == [f"v{n}" for n in range(3, 103)]
    assert values["name"] == "v102"


def test_a_row_with_the_largest_definitions_is_small_enough() -> None:
    registry = Registry()
    large = [published(n, name="n" * 300, steps=100) for n in range(40)]
    assert len(bson.encode(large[0].event["data"])) > 30_000
    values = row_of(registry, *large)
    assert 10 < len(values["versions"]) < 40
    assert values["truncated"] == 40 - len(values["versions"])
    assert len(bson.encode(values)) < VERSIONS_BYTES_MAX + 100_000


def test_a_version_that_the_row_has_no_more_is_still_in_force_for_old_events() -> None:
    registry = Registry()
    row_of(registry, *(published(n, steps=n % 7 + 1) for n in range(500)))
    for appended_ms, offset in ((0, 0), (999, 0), (1_000, 1), (250_500, 250), (10**9, 499)):
        found = registry.in_force("default", "checkout", appended_ms)
        assert found is not None
        assert found[0] == f"topic-id_1:0:{offset}"
        assert len(found[1]["steps"]) == offset % 7 + 1
    assert registry.in_force("default", "other", 10**9) is None


def test_a_duplicate_is_no_version() -> None:
    registry = Registry()
    assert registry.take(published(1)) is not None
    assert registry.take(published(1)._replace(offset=2)) is None


def test_archiving_keeps_the_versions() -> None:
    registry = Registry()
    values = row_of(registry, published(1), published(2, kind="funnel.archived"))
    assert (values["status"], values["published"], len(values["versions"])) == ("archived", True, 1)
    assert row_of(registry, published(3))["status"] == "published"


def test_a_definition_that_cannot_be_taken_leaves_nothing() -> None:
    registry = Registry()
    broken = published(1)
    del broken.event["data"]["name"]
    with pytest.raises(KeyError):
        registry.take(broken)
    assert registry.in_force("default", "checkout", 10**9) is None
    assert row_of(registry, published(1))["versions"][0]["name"] == "Checkout"


def test_a_ticketed_events_start_may_have_any_form_and_is_kept_as_a_time() -> None:
    registry, starts_at = Registry(), f"2016-12-31t23:59:60.{'1' * 10**6}z"
    gala, cancelled = published(1, kind="event.published"), published(2, kind="event.cancelled")
    for definition, data in (
        (gala, {"event_id": "gala", "name": "Gala", "starts_at": starts_at}),
        (cancelled, {"event_id": "gala"}),
    ):
        definition = definition._replace(event={**definition.event, "data": data})
        values = row_of(registry, definition)
        assert values["starts_at"] == datetime(2017, 1, 1, 0, 0, 0, 111_000, UTC)
