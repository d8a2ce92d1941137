"""The field types that a daily document declares: counters, money, maps, and derived fields."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, get_args, get_type_hints

from daybook.engine.documents.counting_rules import Rules

Event = Mapping[str, Any]
When = Callable[[Event, Rules], bool]


@dataclass(frozen=True, slots=True)
class Counter:
    """A whole number: the events of a type (if `when` is true), or what a group's `react` adds."""

    event_type: str | None = None
    when: When | None = None
    since: int = 1


@dataclass(frozen=True, slots=True)
class Money:
    """Integer minor units per currency; repeated at the top level while there is one currency."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class MoneyMap:
    """Minor units per currency and key; keys beyond the limit are added up in `other`."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class CountMap:
    """Whole numbers per key; with `groups`, one such map for each of these names.

    Keys beyond the limit are added up in each map's `other`.
    """

    groups: tuple[str, ...] = ()
    since: int = 1


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A fixed set of numbers per key: `counts`, and `money` in minor units.

    Money is stored in each currency, and also beside the counts while the document has one
    currency. With `named`, a key also has a `name`: the greatest by code point of the names it was
    given, so neither order nor repetition matters; null while there is none.
    """

    counts: tuple[str, ...]
    money: tuple[str, ...] = ()
    named: bool = False
    since: int = 1


@dataclass(frozen=True, slots=True)
class Squares:
    """A sum of squares of minor units, per currency; a Decimal128, because it can exceed int64."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class PerCurrency:
    """A counter that is also kept per currency, as the denominator of an average."""

    since: int = 1


@dataclass(frozen=True, slots=True)
class Rate:
    """`numerator` / `denominator`, a double; null if the denominator is 0."""

    numerator: str
    denominator: str
    since: int = 1


@dataclass(frozen=True, slots=True)
class Average:
    """`total` / `number`, rounded half to even; null if `number` is 0."""

    total: str
    number: str
    since: int = 1


@dataclass(frozen=True, slots=True)
class Difference:
    """`minuend` minus `subtrahend`."""

    minuend: str
    subtrahend: str
    since: int = 1


Derived = Rate | Average | Difference
Map = MoneyMap | CountMap | Breakdown
Field = Counter | Money | Squares | PerCurrency | Map | Derived


def count(event: type, *, when: When | None = None, since: int = 1) -> Any:
    """Declares a counter of the events of a type, or of those for which `when` is true."""
    (event_type,) = get_args(get_type_hints(event)["event_type"])
    return Counter(event_type, when, since)


def counter(*, since: int = 1) -> Any:
    """Declares a counter that a group's `react` adds to."""
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
    """One document per day, or per key and day if the class names a key.

    `version` is the greatest `since` of the fields. A counter that is added later gets the next
    number as its `since`; older documents lack it until they are rebuilt.
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
            for operand in operands(field):
                if operand not in cls.fields:
                    raise TypeError(f"{cls.__name__}.{name} is derived from {operand}, not a field")


def operands(field: Field) -> tuple[str, ...]:
    """The names of the fields that a derived field is computed from; none for other fields."""
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
    """The event types for which some counter has a condition, so that it needs the whole event."""
    fields = (field for model in models for field in model.fields.values())
    return frozenset(
        f.event_type for f in fields if isinstance(f, Counter) and f.when and f.event_type
    )


def conditions(models: Iterable[type[DailyDocument]], rules: Rules) -> Callable[[Event], None]:
    """A function that tries every condition that the counters have for an event of its type.

    It raises what a condition raises, so a faulty one is found where the message is at hand.
    """
    by_type: dict[str, list[When]] = {}
    for model in models:
        for field in model.fields.values():
            if isinstance(field, Counter) and field.when and field.event_type:
                by_type.setdefault(field.event_type, []).append(field.when)

    def try_conditions(event: Event) -> None:
        for when in by_type.get(event["event_type"], ()):
            when(event, rules)

    return try_conditions


def is_money(model: type[DailyDocument], name: str) -> bool:
    """Whether a field holds money: an amount, a map of amounts, or a field derived from one."""
    field = model.fields[name]
    if isinstance(field, Average | Difference):
        return is_money(model, operands(field)[0])
    return isinstance(field, Money | Squares | MoneyMap)


def scalar_fields(model: type[DailyDocument]) -> list[str]:
    """The fields that hold a single number."""
    scalar = Counter | Money | PerCurrency | Derived
    return [name for name, field in model.fields.items() if isinstance(field, scalar)]


def currency_fields(model: type[DailyDocument]) -> list[str]:
    """The scalar fields that are also stored per currency."""
    return [
        name
        for name in scalar_fields(model)
        if is_money(model, name) or isinstance(model.fields[name], PerCurrency)
    ]
