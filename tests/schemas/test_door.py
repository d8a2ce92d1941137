"""What no later code could take is refused by the schema, for every producer."""

import json
from collections.abc import Iterator
from datetime import UTC, date, time
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from attack.stored_examples import replaced
from daybook.engine.decode.parse import read
from daybook.engine.errors import Poison
from daybook.engine.moment import parse_moment
from schemas.catalogue import source
from schemas.fields import CENTS_MAX, Moment
from schemas.funnel import DEFINITION_BYTES_MAX
from schemas.order import ITEMS_BYTES_MAX
from schemas.tracking import VALUE_CENTS_MAX
from tests.support.times import OTHER_TEXTS, SAME_TIMES

EXAMPLES = Path(__file__).parents[2] / "schemas/examples"
Data = dict[str, Any]
INT64_MAX = 2**63 - 1
BATCH_MESSAGES = 50_000
MOMENTS = TypeAdapter(Moment)
WRONG_TIMES = [
    *OTHER_TEXTS,
    "2026-02-31T10:00:00Z",
    "2026-06-31T10:00:00Z",
    "2100-02-29T10:00:00Z",
    "2026-13-01T10:00:00Z",
    "2026-00-10T10:00:00Z",
    "1989-12-31T23:59:59Z",
    "2101-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-11-20T24:00:00Z",
    "2026-11-20T10:60:00Z",
    "2026-11-20T10:00:60Z",
    "2026-11-20T10:00:00+14:01",
    "2026-11-20T10:00:00+99:99",
]


def example(name: str) -> dict[str, Any]:
    topic, event_type = name.split("/")
    path = max((EXAMPLES / topic / event_type).iterdir(), key=lambda path: path.stat().st_size)
    event: dict[str, Any] = json.loads(path.read_bytes())
    return event


def refusal(name: str, event: dict[str, Any]) -> str:
    """The detail of the dead letter that this event becomes."""
    with pytest.raises(Poison) as poison:
        read(source(name.split("/")[0]), json.dumps(event).encode())
    assert poison.value.reason == "invalid"
    return poison.value.detail


def moments(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all times in an event."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, item in items:
        if isinstance(item, dict | list):
            yield from moments(item, (*path, name))
        elif isinstance(item, str):
            try:
                MOMENTS.validate_python(item)
            except ValidationError:
                continue
            yield (*path, name)


TIMES = [
    (f"{file.parts[-3]}/{file.parts[-2]}", path, json.loads(file.read_bytes()))
    for file in sorted(EXAMPLES.rglob("*.json"))
    for path in moments(json.loads(file.read_bytes()))
]


ITEMS = [
    {"product_id": "a", "quantity": 3, "price_cents": 34},
    {"product_id": "b", "quantity": 1, "price_cents": 50},
]


@pytest.mark.parametrize("total", [150, 152, 900])
def test_an_orders_lines_may_come_to_its_total_or_less_save_for_rounding(total: int) -> None:
    event = example("sc.domain.order/order.created")
    event["data"] |= {"total_cents": total, "items": ITEMS}
    read(source("sc.domain.order"), json.dumps(event).encode())


def test_lines_that_come_to_more_than_the_total_are_refused() -> None:
    event = example("sc.domain.order/order.created")
    event["data"] |= {"total_cents": 149, "items": ITEMS}
    assert refusal("sc.domain.order/order.created", event) == (
        "data.items: quantity * price_cents must not add up to more than total_cents"
    )


def test_a_bounce_leads_to_no_step() -> None:
    event = example("sc.tracking.funnel/step_exit")
    event["data"] |= {"exit_outcome": "bounce", "next_step_id": "cart"}
    assert refusal("sc.tracking.funnel/step_exit", event) == (
        "data.next_step_id: must be absent: a bounce leads to no step"
    )


def test_the_examples_have_every_field_that_is_a_time() -> None:
    names = {path[-1] for _, path, _ in TIMES}
    assert names == {
        "occurred_at",
        "starts_at",
        "at",
        "received_at",
        "expires_at",
        "since",
        "until",
    }


@pytest.mark.parametrize("wrong", WRONG_TIMES)
def test_a_time_that_does_not_exist_is_refused_in_every_field(wrong: str) -> None:
    for name, path, event in TIMES:
        assert ".".join(map(str, path)) in refusal(name, replaced(event, path, wrong)), name


@pytest.mark.parametrize("text", [text for text, _ in SAME_TIMES])
def test_a_time_in_any_form_is_accepted_in_every_field(text: str) -> None:
    for name, path, event in TIMES:
        read(source(name.split("/")[0]), json.dumps(replaced(event, path, text)).encode())


@pytest.mark.parametrize(
    "id",
    [
        "6D5F0F4E-1b7a-4c1e-9a6e-2f1f5a0f3b11",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "8 chars.",
        "Zählung 2026/17",
        "x" * 64,
        "😀" * 64,
    ],
)
def test_an_id_is_any_text_of_8_to_64_characters(id: str) -> None:
    event = example("sc.domain.order/order.created") | {"event_id": id}
    read(source("sc.domain.order"), json.dumps(event).encode())


@pytest.mark.parametrize(
    "id", ["", "7 chars", "x" * 65, "a\nb-c-d-e", "a\0bcdefgh", 12345678, None]
)
def test_no_other_id_is_accepted(id: object) -> None:
    name = "sc.domain.order/order.created"
    assert "event_id" in refusal(name, example(name) | {"event_id": id})


@pytest.mark.parametrize("version", [1, 2])
def test_versions_1_and_2_of_an_event_are_read_if_they_are_valid(version: int) -> None:
    name = "sc.domain.order/order.created"
    event = example(name) | {"schema_version": version}
    read(source("sc.domain.order"), json.dumps(event).encode())
    del event["data"]["order_id"]
    assert refusal(name, event) == "data.order_id: Field required"


@pytest.mark.parametrize("version", [0, 3, 1.5, "2", None])
def test_other_versions_are_refused(version: object) -> None:
    name = "sc.domain.order/order.created"
    assert "schema_version" in refusal(name, example(name) | {"schema_version": version})


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)), st.times(), st.integers(-839, 839))
def test_every_time_from_1990_to_2100_is_accepted_and_can_be_held(
    day: date, at: time, shift: int
) -> None:
    sign, minutes = ("+", shift) if shift >= 0 else ("-", -shift)
    text = f"{day}T{at.isoformat()}{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    held = parse_moment(MOMENTS.validate_python(text)).astimezone(UTC)
    assert bson.decode(bson.encode({"at": held}))["at"] is not None


@given(st.from_regex(Moment.__metadata__[0].pattern, fullmatch=True))  # type: ignore[attr-defined]
def test_no_other_time_is_accepted(text: str) -> None:
    moment = parse_moment(text)
    assert 1990 <= moment.year <= 2101
    assert moment.astimezone(UTC).year <= 2101


@pytest.mark.parametrize("wrong", ["2026-02-31", "1989-12-31", "2101-01-01", "2026-11-20T25:00"])
@pytest.mark.parametrize("field", ["date_from", "date_to"])
def test_an_export_is_of_days_that_exist(field: str, wrong: str) -> None:
    name = "sc.analytics.exports/export.requested"
    event = example(name)
    event["data"][field] = wrong
    assert refusal(name, event).startswith(f"data.{field}")


@pytest.mark.parametrize(
    ("name", "field", "most"),
    [
        ("sc.domain.order/order.created", "total_cents", CENTS_MAX),
        ("sc.domain.order/order.payment_initiated", "amount_cents", CENTS_MAX),
        ("sc.domain.order/order.payment_succeeded", "amount_cents", CENTS_MAX),
        ("sc.domain.order/order.cancelled", "refund_cents", CENTS_MAX),
        ("sc.domain.order/order.refunded", "refund_cents", CENTS_MAX),
        ("sc.domain.order/order.refund_failed", "refund_cents", CENTS_MAX),
        ("sc.domain.order/order.dispute_won", "refund_cents", CENTS_MAX),
        ("sc.tracking.funnel/conversion", "value_cents", VALUE_CENTS_MAX),
        ("sc.tracking.funnel/purchase", "value_cents", VALUE_CENTS_MAX),
        ("sc.tracking.funnel/engagement", "seconds", 3_600),
        ("sc.domain.event/event.published", "capacity", 10_000_000),
        ("sc.analytics.exports/export.completed", "rows", 10**12),
        ("sc.analytics.exports/export.completed", "bytes", 10**15),
    ],
)
def test_a_number_has_a_limit(name: str, field: str, most: int) -> None:
    event = example(name)
    event["data"][field] = most
    read(source(name.split("/")[0]), json.dumps(event).encode())
    event["data"][field] = most + 1
    assert f"data.{field}: Input should be less than or equal to {most}" in refusal(name, event)


def test_no_batch_can_overflow_a_sum() -> None:
    """Nor any number of batches below nine million events at the limit, in one day and currency."""
    assert BATCH_MESSAGES * CENTS_MAX < INT64_MAX // 100
    assert 9_000_000 * CENTS_MAX < INT64_MAX
    assert 90_000_000 * VALUE_CENTS_MAX < INT64_MAX
    assert (1_000_000 * VALUE_CENTS_MAX) ** 2 <= 10**34


def variants(**split: float) -> list[Data]:
    """The variants of a test with these splits; the first is the control."""
    return [
        {"variant_id": name, "name": name, "is_control": at == 0, "traffic_split": share}
        for at, (name, share) in enumerate(split.items())
    ]


def test_a_definition_is_limited_by_its_bytes_as_they_are_stored() -> None:
    name = "sc.domain.funnel/funnel.published"
    event = example(name)
    event["data"].pop("exclusions")
    event["data"]["steps"] = [
        {"step_id": f"s{number}", "name": "n" * 1_000, "type": "t" * 500} for number in range(50)
    ]
    assert len(bson.encode(event["data"])) > DEFINITION_BYTES_MAX
    assert refusal(name, event) == "data: may have at most 65,536 bytes as MongoDB stores it"
    event["data"]["steps"] = event["data"]["steps"][:40]
    read(source("sc.domain.funnel"), json.dumps(event).encode())


@pytest.mark.parametrize(
    ("name", "field", "changes", "why"),
    [
        ("funnel.published", "steps", [{"step_id": "cart"}] * 2, "each must have another step_id"),
        ("ab_test.started", "variants", variants(a=0.5) * 2, "another variant_id"),
        (
            "ab_test.started",
            "variants",
            [{"variant_id": id, "name": "n"} for id in "ab"],
            "another name",
        ),
        ("ab_test.started", "variants", [{"is_control": False}], "exactly one"),
        (
            "ab_test.started",
            "variants",
            [{"variant_id": id, "name": id} for id in "ab"],
            "exactly one",
        ),
        ("ab_test.started", "variants", variants(a=0.8, b=0.3), "add up to 1"),
        ("ab_test.started", "variants", variants(a=0.5, b=0.4), "add up to 1"),
        ("ab_test.started", "variants", variants(a=33, b=33, c=33), "in whole percent to 100"),
        ("ab_test.started", "variants", variants(a=0.5, b=99.5), "in whole percent to 100"),
        ("ab_test.started", "variants", variants(a=101), "less than or equal to 100"),
        ("ab_test.started", "variants", variants(a=0, b=0), "add up to 1"),
        ("ab_test.started", "variants", variants(**{f"v{n}": 1 for n in range(21)}), "at most 20"),
        ("funnel.published", "steps", [{"step_id": f"s{n}"} for n in range(51)], "at most 50"),
    ],
)
def test_a_definition_must_make_sense(
    name: str, field: str, changes: list[dict[str, Any]], why: str
) -> None:
    name = f"sc.domain.funnel/{name}"
    event = example(name)
    event["data"][field] = [event["data"][field][0] | change for change in changes]
    detail = refusal(name, event)
    assert detail.startswith(f"data.{field}")
    assert why in detail


@pytest.mark.parametrize(
    "split",
    [
        {"a": 0.3334, "b": 0.3334, "c": 0.3334},
        {"a": 0.33, "b": 0.33, "c": 0.33},
        {"a": 34, "b": 33, "c": 33},
        {"a": 1, "b": 99},
        {"a": 0, "b": 1},
        {"a": 100, "b": 0},
        {"a": 1},
        {f"v{number}": 5 for number in range(20)},
    ],
)
@pytest.mark.parametrize("kind", ["started", "completed", "stopped"])
def test_shares_of_the_traffic_are_rounded_fractions_or_whole_percent(
    kind: str, split: dict[str, float]
) -> None:
    event = example(f"sc.domain.funnel/ab_test.{kind}")
    event["data"].pop("winner_variant_id", None)
    event["data"]["variants"] = variants(**split)
    read(source("sc.domain.funnel"), json.dumps(event).encode())


def test_only_a_step_of_the_definition_can_be_excluded() -> None:
    name = "sc.domain.funnel/funnel.published"
    event = example(name)
    assert event["data"]["exclusions"] == ["support"]
    event["data"]["exclusions"] = ["support", "elsewhere"]
    assert refusal(name, event) == "data.exclusions.1: must be a step_id of steps"
    # Whatever comes first in the message.
    event["data"] = dict(reversed(event["data"].items()))
    assert refusal(name, event) == "data.exclusions.1: must be a step_id of steps"


def test_a_test_is_won_by_one_of_its_variants() -> None:
    name = "sc.domain.funnel/ab_test.completed"
    event = example(name)
    assert event["data"]["winner_variant_id"] == "b"
    event["data"]["winner_variant_id"] = "z"
    assert refusal(name, event) == "data.winner_variant_id: must be a variant_id of variants"


def test_an_orders_lines_are_limited_in_number_and_bytes() -> None:
    name = "sc.domain.order/order.created"
    event = example(name)
    line = {"product_id": "p", "quantity": 1, "price_cents": 1}
    event["data"]["items"] = [line] * 1_001
    assert "data.items: List should have at most 1000 items" in refusal(name, event)
    event["data"]["items"] = [line | {"product_name": "n" * 1_000}] * 600
    assert len(bson.encode({"": event["data"]["items"]})) > ITEMS_BYTES_MAX
    assert refusal(name, event) == "data.items: may have at most 524,288 bytes as MongoDB stores it"


def test_an_orders_lines_are_tickets_of_at_most_100_events() -> None:
    name = "sc.domain.order/order.created"
    event = example(name)
    line = {"product_id": "p", "quantity": 1, "price_cents": 1}
    tickets = [line | {"ticketed_event_id": f"gig-{number}"} for number in range(100)]
    event["data"]["items"] = [*tickets, *tickets, line]
    read(source("sc.domain.order"), json.dumps(event).encode())
    event["data"]["items"].append(line | {"ticketed_event_id": "one more"})
    assert "ticketed_event_id" in refusal(name, event)
    event["data"]["items"][-1]["ticketed_event_id"] = "one-more"
    detail = "data.items: may have at most 100 different ticketed_event_id"
    assert refusal(name, event) == detail


@pytest.mark.parametrize("half", ["\\ud800", "\\udc00x", "a\\ud83d"])
def test_half_a_character_is_refused_in_every_text(half: str) -> None:
    for name in ("sc.tracking.funnel/page_view", "sc.domain.order/order.created"):
        text = json.dumps(example(name))
        for value in ("data", "event_id", "organization_id"):
            wrong = text.replace(f'"{value}": ', f'"{value}": "{half}", "again": ', 1)
            with pytest.raises(Poison):
                read(source(name.split("/")[0]), wrong.encode())


def test_few_lines_of_an_order_fit_whatever_is_in_them() -> None:
    widest = {
        "product_id": "😀" * 128,
        "product_name": "😀" * 1_024,
        "quantity": bson.Int64(1_000_000),
        "price_cents": bson.Int64(CENTS_MAX),
        "ticketed_event_id": "😀" * 128,
    }
    assert len(bson.encode({"": [widest] * 99})) <= ITEMS_BYTES_MAX
