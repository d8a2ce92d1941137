"""The data dictionary describes every stored field."""

import pytest

import consumers
from daybook.engine.group import Group
from models.dictionary import dictionary

PAGE = dictionary(consumers.FLEET)


@pytest.mark.parametrize("group", consumers.FLEET, ids=lambda group: group.name)
def test_every_field_of_every_collection_is_there(group: Group) -> None:
    chapter = PAGE.partition(f"## {group.name}\n")[2].partition("\n## ")[0]
    sections = {
        section.partition("`")[0]: section.splitlines() for section in chapter.split("\n### `")[1:]
    }
    rows = {each.collection for each in (*group.rows, *(group.state.rows if group.state else ()))}
    assert sections.keys() == group.models.keys() | rows
    for model in group.documents:
        for name, field in model.fields.items():
            (line,) = [x for x in sections[model.collection] if x.startswith(f"| `{name}` |")]
            assert line.endswith(f"| {field.since} |")
    if group.sketches:
        for name in (
            *group.sketches.names,
            "period",
            "topic_id",
            "partition",
            "sketch",
            "estimate",
        ):
            assert any(x.startswith(f"| `{name}` |") for x in sections[group.sketches.collection])
    if group.state:
        for name in group.state.new("key"):
            assert any(x.startswith(f"| `{name}` |") for x in sections[group.state.collection])


@pytest.mark.parametrize(
    "line",
    [
        "| `orders_created` | int64 | number of `order.created` events | 1 |",
        "| `leaders_promoted` | int64 | number of `user.role_changed` events: from a role "
        "that is not a leader's to one that is | 1 |",
        "| `payment_success_rate` | double or null | rate: `payments_succeeded` / "
        "`payments_initiated` | 1 |",
        "| `gross_revenue_cents` | int64 or null | money: an amount per currency | 2 |",
        "| `payment` | null | 1 |",
        "| `funnel_settled` | false | 2 |",
        "| `products` | object | by key: `units`, `revenue_cents`, `refunded_cents`; `name`, the "
        "greatest by code point | 2 |",
        "| `kind` = `event` | string | the keys of `analytics_event_metrics.unique_viewers` |",
    ],
)
def test_fields_are_described_in_words(line: str) -> None:
    assert line in PAGE.splitlines()
