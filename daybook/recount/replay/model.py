"""Describes the fields of a collection's documents, as the group's SQL file declares them."""

from collections.abc import Mapping
from dataclasses import dataclass

from bson import Decimal128, Int64

Value = Int64 | float | None

_NO_SQUARES = Decimal128("0")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a document.

    `kind`: counter, per_currency, money, squares, money_map, count_map, breakdown,
    named_breakdown, rate, average, difference or state.
    `part` and `whole`: for derived kinds, the fields they are computed from (`whole` is the
    divisor or the subtrahend); for a count_map, `part` lists its groups, if any; for a breakdown,
    they list its counts and its money. `since`: the model version that added the field.
    """

    name: str
    kind: str
    part: str | None
    whole: str | None
    since: int

    @property
    def is_derived(self) -> bool:
        """Whether its value is computed from other fields."""
        return self.kind in ("rate", "average", "difference")

    @property
    def is_map(self) -> bool:
        """Whether it has open keys; a money_map does not count, since it is only in currencies."""
        return self.kind == "count_map" or self.is_breakdown

    @property
    def is_breakdown(self) -> bool:
        """Whether each of its keys has several counts and amounts."""
        return self.kind in ("breakdown", "named_breakdown")

    @property
    def is_named(self) -> bool:
        """Whether its entries have a name: a text next to the numbers, or null."""
        return self.kind == "named_breakdown"

    @property
    def parts(self) -> tuple[str, ...]:
        """The groups of a count_map, or the counts of a breakdown."""
        return tuple(self.part.split(",")) if self.part and self.is_map else ()

    @property
    def money_parts(self) -> tuple[str, ...]:
        """The amounts of a breakdown, which it has in each currency."""
        return tuple(self.whole.split(",")) if self.whole and self.is_map else ()

    def amount(self, total: int) -> Int64 | Decimal128:
        """A sum in its stored type."""
        return Decimal128(str(total)) if self.kind == "squares" else Int64(total)

    @property
    def nothing(self) -> object:
        """The field's value where nothing was counted."""
        if self.kind == "money_map" or self.is_map:
            return {}
        if self.kind == "squares":
            return _NO_SQUARES
        return self.derive({}) if self.is_derived else Int64(0)

    def derive(self, sums: Mapping[str, int]) -> Value:
        """A derived field's value; a missing sum counts as 0, division by 0 gives None."""
        part, whole = sums.get(self.part or "", 0), sums.get(self.whole or "", 0)
        match self.kind:
            case "difference":
                return Int64(part - whole)
            case "rate":
                return part / whole if whole else None
            case _:
                return Int64(_half_even(part, whole)) if whole else None


def _half_even(total: int, number: int) -> int:
    quotient, rest = divmod(total, number)
    up = 2 * rest > number or (2 * rest == number and quotient % 2 == 1)
    return quotient + up


@dataclass(frozen=True, slots=True)
class Model:
    """The fields of one collection.

    `key`: the fields of its key before the day. `is_measured`: its numbers are measured over whole
    histories; a currency or map key that a document once named stays there, even with zeros.
    """

    collection: str
    fields: dict[str, Field]
    key: tuple[str, ...] = ()
    is_measured: bool = False

    @property
    def version(self) -> int:
        """The newest version of the model."""
        return max(field.since for field in self.fields.values())

    @property
    def is_state(self) -> bool:
        """Whether its documents are given whole by the rules instead of as sums."""
        return any(field.kind == "state" for field in self.fields.values())

    @property
    def has_money(self) -> bool:
        """Whether its documents have `currencies`."""
        kinds = ("money", "money_map", "squares")
        return any(field.kind in kinds for field in self.fields.values())

    def is_money(self, field: Field) -> bool:
        """Whether the field exists per currency: money, its maps, and what derives from them."""
        if field.kind in ("average", "difference"):
            return self.is_money(self.fields[field.part or ""])
        return field.kind in ("money", "money_map", "squares")

    def maps(self) -> list[Field]:
        """The top-level fields with open keys."""
        return [field for field in self.fields.values() if field.is_map]

    def breakdowns(self) -> list[Field]:
        """The maps that have amounts in each currency."""
        return [field for field in self.maps() if field.money_parts]

    def counters(self) -> list[Field]:
        """The counters of the day, over all currencies."""
        return [f for f in self.fields.values() if f.kind in ("counter", "per_currency")]

    def in_currency(self) -> list[Field]:
        """The fields under each currency."""
        fields = self.fields.values()
        return [f for f in fields if self.is_money(f) or f.kind == "per_currency"]

    def money(self) -> list[Field]:
        """The fields that a day with a single currency repeats at the top level."""
        return [field for field in self.fields.values() if self.is_money(field)]

    def derived(self, *, of_money: bool) -> list[Field]:
        """The derived fields that exist per currency, or those that do not."""
        fields = self.fields.values()
        return [f for f in fields if f.is_derived and self.is_money(f) == of_money]
