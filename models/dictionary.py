"""The data dictionary: every stored field of every group, in words, written from the models."""

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

What Daybook stores in MongoDB, field by field. Written from the models by
`daybook schemas --dictionary`; a test keeps this page true.

## In every daily document

| field | type | what it is |
|---|---|---|
| `_id` | string | the parts of its key joined by `:`, the day last (`2026-11-20`); `% : . $` and NUL in a part are percent-encoded |
| `date` | date | midnight UTC of that day's name |
| `hours` | object | `00` to `23` of the fleet's zone (`DAYBOOK_ZONE`): each hour's counters that are not 0, and what is worked out from them; no maps |
| `updated_at` | date | when it was last written |
| `_daybook` | object | how far it has counted: `applied` and `first` (offsets by topic id and partition), `revision` (raised by every write), `model` (the version of the fields that it is complete for) |

The day and the hour are those of the event's `occurred_at` in the fleet's zone. Every counter is
there from the first write, 0 at least. A rate of 0.25 is 25 %; it is null when there is nothing to
divide by. *Since* is the model version in which a field came; documents of an older version lack
it until `daybook rebuild`.
"""  # noqa: E501

_MONEY = """
Money is in minor units of its currency, and two currencies are never added: every money field
stands in `currencies.<CUR>`. At the top it is repeated while the document has one currency, and is
null when it has more, in the hours as well. A map has 1,000 keys at most; what comes later adds up
under `other`. A currency that was once named stays, be it with zeros.
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
    """A page of Markdown, ending in a line feed."""
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
    yield "| field | type | what it is | since |"
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
            return f"how many `{event_type}`"
        case Counter(event_type, when):
            condition = inspect.cleandoc(inspect.getdoc(when) or "").rstrip(".").lower()
            return f"how many `{event_type}`: {condition}"
        case Money():
            return "money: an amount a currency"
        case MoneyMap():
            return "money by key: an amount a key and currency"
        case PerCurrency():
            return "counter, of each currency as well"
        case Squares():
            return "money: a sum of squares a currency"
        case CountMap(()):
            return "counts by key"
        case CountMap(groups):
            return f"counts by key, apart for {_listed(groups)}"
        case Breakdown(counts, money, named):
            called = "; `name`, the greatest by code point" if named else ""
            return f"by key: {_listed((*counts, *money))}{called}"
        case Rate(numerator, denominator):
            return f"rate: `{numerator}` / `{denominator}`"
        case Average(total, number):
            return f"average: `{total}` / `{number}`, rounded half to even"
        case Difference(minuend, subtrahend):
            return f"difference: `{minuend}` less `{subtrahend}`"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _of_sketches(sketches: SketchModel) -> Iterator[str]:
    organization, *names = sketches.names
    key = organization, "kind", *names, "period", "topic_id", "partition"
    yield ""
    yield f"### `{sketches.collection}`"
    yield ""
    yield f"Key: {_listed(key)}; parts that a kind lacks are left out. Version {sketches.version}."
    yield ""
    yield (
        "The distinct keys behind a counter, as a HyperLogLog sketch for each partition that they "
        "came from. To count them over several days or partitions, unite sketches; never add."
    )
    yield ""
    yield "| field | type | what it is |"
    yield "|---|---|---|"
    yield "| `_id` | string | the parts of its key joined by `:`, percent-encoded as in a day's |"
    for part, name in zip(("first", "second", "third"), sketches.names, strict=False):
        yield f"| `{name}` | string | the {part} part of the key of the counter's document |"
    for (model, field), kind in sketches.kinds.items():
        yield f"| `kind` = `{kind}` | string | those of `{model.collection}.{field}` |"
    yield "| `period` | string | a day (`2026-11-20`) or a month (`2026-11`) |"
    yield "| `topic_id` | string | the topic's incarnation |"
    yield "| `partition` | int32 | the partition of it that the keys came from |"
    yield f"| `sketch` | binary | Apache DataSketches HLL, lg_k {LG_K} |"
    yield "| `estimate` | int64 | how many keys this sketch holds; exact up to some hundreds |"
    yield "| `_daybook` | object | `revision` and `model`, as in a daily document |"
    yield "| `updated_at` | date | when a key was last added |"


def _of_rows(rows: RowModel) -> Iterator[str]:
    yield ""
    yield f"### `{rows.collection}`"
    yield ""
    yield "| field | type | what it is |"
    yield "|---|---|---|"
    for name, (kind, meaning) in rows.fields.items():
        yield f"| `{name}` | {kind} | {meaning} |"


def _of_state(state: StateModel) -> Iterator[str]:
    yield ""
    yield f"### `{state.collection}`"
    yield ""
    yield (
        "The group's memory, one document a key: what it must know to count the key's next event. "
        f"Not for reports. Version {state.version}."
    )
    yield ""
    yield from inspect.cleandoc(inspect.getdoc(state.new) or "").splitlines()
    yield ""
    yield "| field | at first | since |"
    yield "|---|---|---|"
    yield "| `_id` | the key, percent-encoded | 1 |"
    for name, value in state.new("the key").items():
        at_first = value if isinstance(value, str) else json.dumps(value)
        yield f"| `{name}` | {at_first} | {state.since.get(name, 1)} |"
    yield "| `home` | where the key's messages count: `topic_id`, `partition`, `epoch` | 1 |"
    yield "| `event_ids` | [], later the ids of the key's last 32 events, oldest first | 1 |"
    yield "| `_daybook`, `updated_at` | as in a daily document | 1 |"
