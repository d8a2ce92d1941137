"""What a counted document is made of: one line a counter, one line a rate."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, get_args, get_type_hints

from daybook.engine.documents.counting_rules import Rules

Event = Mapping[str, Any]
When = Callable[[Event, Rules], bool]


@dataclass(frozen=True, slots=True)
class Counter:
    """A whole number: how many events of a type, or what a group's `react` adds to it."""

    event_type: str | None = None
    when: When | None = None
    since: int = 1


@dataclass(frozen=True, slots=True)
class Money:
    """Integer minor units, apart by currency; at the top while there is one currency only."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class MoneyMap:
    """Minor units by an open key, apart by currency; what is past the cap stands in `other`."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class CountMap:
    """Whole numbers by an open key; with `groups`, one such map for each of these names.

    What is past the cap stands in `other`, in each map apart.
    """

    groups: tuple[str, ...] = ()
    since: int = 1


@dataclass(frozen=True, slots=True)
class Breakdown:
    """By an open key, the same few numbers: `counts` as they are, `money` in minor units.

    Money stands beside the counts while the document has one currency, and in each currency. With
    `named` a key has a `name` as well: of all it was called the greatest by code point, which
    comes out the same in whatever order they come, and however often; null while there is none.
    """

    counts: tuple[str, ...]
    money: tuple[str, ...] = ()
    named: bool = False
    since: int = 1


@dataclass(frozen=True, slots=True)
class Squares:
    """A sum of squares of minor units, apart by currency; a Decimal128, for they outgrow int64."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class PerCurrency:
    """A counter that also stands beside each currency's money, as the base of an average."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class Rate:
    """`numerator` / `denominator`, a double; null when there is nothing to divide by."""

    numerator: str
    denominator: str
    since: int = 1


@dataclass(frozen=True, slots=True)
class Average:
    """`total` / `number`, rounded half to even; null when there is nothing to divide by."""

    total: str
    number: str
    since: int = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """`minuend` less `subtrahend`."""

    minuend: str
    subtrahend: str
    since: int = 1


Derived = Rate | Average | Difference
Map = MoneyMap | CountMap | Breakdown
Field = Counter | Money | Squares | PerCurrency | Map | Derived


def count(event: type, *, when: When | None = None, since: int = 1) -> Any:
    """Counts the events of a type, all or those of which `when` is true."""
    (event_type,) = get_args(get_type_hints(event)["event_type"])
    return Counter(event_type, when, since)


def counter(*, since: int = 1) -> Any:
    return Counter(since=since)


def money(*, since: int = 1) -> Any:
    return Money(since)


def money_map(*, since: int = 1) -> Any:
    return MoneyMap(since)


def count_map(*, groups: tuple[str, ...] = (), since: int = 1) -> Any:
    return CountMap(groups, since)


def breakdown(
    *counts: str, money: tuple[str, ...] = (), named: bool = False, since: int = 1
) -> Any:
    return Breakdown(counts, money, named, since)


def squares(*, since: int = 1) -> Any:
    return Squares(since)


def per_currency(*, since: int = 1) -> Any:
    return PerCurrency(since)


def rate(numerator: str, denominator: str, *, since: int = 1) -> Any:
    return Rate(numerator, denominator, since)


def average(total: str, number: str, *, since: int = 1) -> Any:
    return Average(total, number, since)


def difference(minuend: str, subtrahend: str, *, since: int = 1) -> Any:
    return Difference(minuend, subtrahend, since)


class DailyDocument:
    """One document a day (and a key before it, when the class names one).

    `version` is the newest `since` of its fields: a counter added later says `since=` the next
    number, and older documents are known to lack it until they are rebuilt.
    """

    collection: ClassVar[str]
    key: ClassVar[tuple[str, ...]]
    fields: ClassVar[dict[str, Field]]
    version: ClassVar[int]

    def __init_subclass__(cls, collection: str, key: tuple[str, ...] = ()) -> None:
        cls.collection = collection
        cls.key = key
        cls.fields = {n: f for n, f in vars(cls).items() if isinstance(f, Field)}
        cls.version = max(field.since for field in cls.fields.values())
        for name, field in cls.fields.items():
            for part in parts_of(field):
                if part not in cls.fields:
                    raise TypeError(f"{cls.__name__}.{name} is made of {part}, which is no field")


def parts_of(field: Field) -> tuple[str, ...]:
    """The names of the fields that a derived one is worked out from."""
    match field:
        case Rate():
            return field.numerator, field.denominator
        case Average():
            return field.total, field.number
        case Difference():
            return field.minuend, field.subtrahend
        case _:
            return ()


def conditional_event_types(models: Iterable[type[DailyDocument]]) -> frozenset[str]:
    """The types of which some field asks more than how many there are."""
    fields = (field for model in models for field in model.fields.values())
    return frozenset(
        f.event_type for f in fields if isinstance(f, Counter) and f.when and f.event_type
    )


def is_money(model: type[DailyDocument], name: str) -> bool:
    """Whether a field is an amount of one currency: money, its maps, and what is worked out."""
    field = model.fields[name]
    if isinstance(field, Average | Difference):
        return is_money(model, parts_of(field)[0])
    return isinstance(field, Money | Squares | MoneyMap)


def shown(model: type[DailyDocument]) -> list[str]:
    """The fields that are one number each."""
    plain = Counter | Money | PerCurrency | Derived
    return [name for name, field in model.fields.items() if isinstance(field, plain)]


def by_currency(model: type[DailyDocument]) -> list[str]:
    """Of them, those that stand in each currency as well."""
    fields = model.fields
    return [n for n in shown(model) if is_money(model, n) or isinstance(fields[n], PerCurrency)]
