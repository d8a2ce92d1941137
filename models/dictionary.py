"""Renders the data dictionary, which describes every stored field, from the models."""

import inspect
import json
from collections.abc import Iterable, Iterator

from daybook.engine.documents.fields import (
    Average,
    Breakdown,
    Counter,
    CountMap,
    DailyDocument,
    Difference,
    Field,
    Money,
    MoneyMap,
    PerCurrency,
    Rate,
    Squares,
    is_money,
)
from daybook.engine.documents.rows import RowModel
from daybook.engine.documents.sketches import LG_K, SketchModel
from daybook.engine.documents.state import StateModel
from daybook.engine.group import Group

_HEAD = """\
# The data dictionary

What Daybook stores in MongoDB, field by field. This page is generated from the models by
`daybook schemas --dictionary`; a test checks that it is up to date.

## In every daily document

| field | type | description |
|---|---|---|
| `_id` | string | the parts of the key joined by `:`, the day last (`2026-11-20`); `% : . $` and NUL in a part are percent-encoded |
| `date` | date | the day, as midnight UTC |
| `hours` | object | `00` to `23` in the fleet's zone (`DAYBOOK_ZONE`): each hour's counters other than 0, and the fields derived from them; no maps |
| `updated_at` | date | time of the last write |
| `_daybook` | object | bookkeeping: `applied` and `first` (last and first offset counted, by topic id and partition), `revision` (raised by every write), `model` (the model version for which the document is complete), `full` (true once a change did not fit into the document any more) |

The day and hour are those of the event's `occurred_at` in the fleet's zone. Every counter exists
from the first write on, with at least 0. A rate of 0.25 means 25 %; a rate is null if its
denominator is 0. *Since* is the model version that added a field; older documents lack it until
`daybook rebuild`.

A map has at most 1,000 keys; further keys are added up in `other`. So are all new keys of a document
that would become larger than 1 MB (`full`): there, the maps of a currency may name fewer keys than
the map beside the counts, and the names of products stay as they are. Every key that a map names is
exact, and with `other` its numbers add up. No document is larger than 2 MB.
"""  # noqa: E501

_MONEY = """
Money is in minor units of its currency, and currencies are never added together: every money field
is stored in `currencies.<CUR>`. At the top level it is repeated while the document has one
currency, and null if it has several, in the hours as well. A currency that occurred once stays,
even if its amounts are 0.
"""

_TYPES = {
    Counter: "int64",
    Money: "int64",
    MoneyMap: "object",
    PerCurrency: "int64",
    Squares: "Decimal128",
    CountMap: "object",
    Breakdown: "object",
    Rate: "double or null",
    Average: "int64 or null",
    Difference: "int64",
}


def dictionary(groups: Iterable[Group]) -> str:
    """The data dictionary of these groups, as Markdown that ends in a line feed."""
    return "\n".join([_HEAD, *(line for group in groups for line in _of_group(group))]) + "\n"


def _of_group(group: Group) -> Iterator[str]:
    yield f"## {group.name}"
    yield ""
    yield f"Reads {', '.join(f'`{topic}`' for topic in group.topics)}."
    for model in group.documents:
        yield from _of_document(model)
    if group.sketches:
        yield from _of_sketches(group.sketches)
    if group.state:
        yield from _of_state(group.state)
        for rows in group.state.rows:
            yield from _of_rows(rows)
    for rows in group.rows:
        yield from _of_rows(rows)
    yield ""


def _of_document(model: type[DailyDocument]) -> Iterator[str]:
    yield ""
    yield f"### `{model.collection}`"
    yield ""
    yield f"Key: {', '.join(f'`{part}`' for part in (*model.key, 'day'))}. Version {model.version}."
    if any(is_money(model, name) for name in model.fields):
        yield _MONEY.rstrip()
    yield ""
    yield "| field | type | description | since |"
    yield "|---|---|---|---|"
    for name, field in model.fields.items():
        kind = _TYPES[type(field)]
        if isinstance(field, Money | Squares | MoneyMap | Difference) and is_money(model, name):
            kind += " or null"
        yield f"| `{name}` | {kind} | {_in_words(field)} | {field.since} |"


def _in_words(field: Field) -> str:
    match field:
        case Counter(None):
            return "counter"
        case Counter(event_type, None):
            return f"number of `{event_type}` events"
        case Counter(event_type, when):
            condition = inspect.cleandoc(inspect.getdoc(when) or "").rstrip(".").lower()
            return f"number of `{event_type}` events: {condition}"
        case Money():
            return "money: an amount per currency"
        case MoneyMap():
            return "money by key: an amount per key and currency"
        case PerCurrency():
            return "counter, also kept per currency"
        case Squares():
            return "money: a sum of squares per currency"
        case CountMap(()):
            return "counts by key"
        case CountMap(groups):
            return f"counts by key, separately for {_listed(groups)}"
        case Breakdown(counts, money, named):
            name = "; `name`, the greatest by code point" if named else ""
            return f"by key: {_listed((*counts, *money))}{name}"
        case Rate(numerator, denominator):
            return f"rate: `{numerator}` / `{denominator}`"
        case Average(total, number):
            return f"average: `{total}` / `{number}`, rounded half to even"
        case Difference(minuend, subtrahend):
            return f"difference: `{minuend}` minus `{subtrahend}`"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _of_sketches(sketches: SketchModel) -> Iterator[str]:
    organization, *names = sketches.names
    key = organization, "kind", *names, "period", "topic_id", "partition"
    yield ""
    yield f"### `{sketches.collection}`"
    yield ""
    yield f"Key: {_listed(key)}; a kind may lack some parts. Version {sketches.version}."
    yield ""
    yield (
        "The distinct keys behind a counter, as one HyperLogLog sketch for each partition they "
        "came from. To count over several days or partitions, merge the sketches; never add the "
        "estimates."
    )
    yield ""
    yield "| field | type | description |"
    yield "|---|---|---|"
    yield "| `_id` | string | the parts of the key joined by `:`, encoded as in daily documents |"
    for part, name in zip(("first", "second", "third"), sketches.names, strict=False):
        yield f"| `{name}` | string | the {part} part of the counter's document key |"
    for (model, field), kind in sketches.kinds.items():
        yield f"| `kind` = `{kind}` | string | the keys of `{model.collection}.{field}` |"
    for kind, meaning in sketches.others.items():
        yield f"| `kind` = `{kind}` | string | {meaning} |"
    yield "| `period` | string | a day (`2026-11-20`) or a month (`2026-11`) |"
    yield "| `topic_id` | string | Kafka's id of the topic incarnation |"
    yield "| `partition` | int32 | the partition that the keys came from |"
    yield f"| `sketch` | binary | Apache DataSketches HLL, lg_k {LG_K} |"
    yield "| `estimate` | int64 | number of keys in this sketch; exact up to some hundreds |"
    yield "| `_daybook` | object | `revision` and `model`, as in daily documents |"
    yield "| `updated_at` | date | time of the last write |"


def _of_rows(rows: RowModel) -> Iterator[str]:
    yield ""
    yield f"### `{rows.collection}`"
    yield ""
    yield "| field | type | description |"
    yield "|---|---|---|"
    for name, (kind, meaning) in rows.fields.items():
        yield f"| `{name}` | {kind} | {meaning} |"


def _of_state(state: StateModel) -> Iterator[str]:
    yield ""
    yield f"### `{state.collection}`"
    yield ""
    yield (
        "The group's state, one document per key: what it must remember to count the key's next "
        f"event. Not for reports. Version {state.version}."
    )
    yield ""
    yield from inspect.cleandoc(inspect.getdoc(state.new) or "").splitlines()
    yield ""
    yield "| field | initial value | since |"
    yield "|---|---|---|"
    yield "| `_id` | the key, percent-encoded | 1 |"
    for name, value in state.new("the key").items():
        initial = value if isinstance(value, str) else json.dumps(value)
        changed = f", changed in {state.changed[name]}" if name in state.changed else ""
        yield f"| `{name}` | {initial} | {state.since.get(name, 1)}{changed} |"
    yield "| `home` | the key's home partition: `topic_id`, `partition`, `epoch` | 1 |"
    yield "| `event_ids` | []; later the ids of the key's last 32 events, oldest first | 1 |"
    yield "| `_daybook`, `updated_at` | as in daily documents | 1 |"
