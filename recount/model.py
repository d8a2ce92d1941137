"""What a collection's documents are made of, as the group's SQL file declares it."""

from collections.abc import Mapping
from dataclasses import dataclass

from bson import Int64

Value = Int64 | float | None


@dataclass(frozen=True, slots=True)
class Field:
    """`kind`: counter, per_currency, money, money_map, rate, average, difference or state.

    `part` and `whole` are what the derived kinds are worked out from. `since`: the version of
    the model that brought the field.
    """

    name: str
    kind: str
    part: str | None
    whole: str | None
    since: int

    @property
    def is_derived(self) -> bool:
        return self.kind in ("rate", "average", "difference")

    @property
    def nothing(self) -> object:
        """The value where nothing was counted."""
        if self.kind == "money_map":
            return {}
        return self.derive({}) if self.is_derived else Int64(0)

    def derive(self, sums: Mapping[str, int]) -> Value:
        """The value that follows from sums, where what is missing is 0."""
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
    """The fields of one collection, by name."""

    collection: str
    fields: dict[str, Field]

    @property
    def version(self) -> int:
        return max(field.since for field in self.fields.values())

    @property
    def is_state(self) -> bool:
        return any(field.kind == "state" for field in self.fields.values())

    @property
    def has_money(self) -> bool:
        return any(field.kind in ("money", "money_map") for field in self.fields.values())

    def is_money(self, field: Field) -> bool:
        """Whether it stands in each currency: money, its maps, and what is worked out of it."""
        if field.kind in ("average", "difference"):
            return self.is_money(self.fields[field.part or ""])
        return field.kind in ("money", "money_map")

    def counters(self) -> list[Field]:
        """Whole numbers of the day itself, whatever the currency."""
        return [f for f in self.fields.values() if f.kind in ("counter", "per_currency")]

    def in_currency(self) -> list[Field]:
        """What stands in each currency."""
        fields = self.fields.values()
        return [f for f in fields if self.is_money(f) or f.kind == "per_currency"]

    def money(self) -> list[Field]:
        """What the day repeats while it has one currency."""
        return [field for field in self.fields.values() if self.is_money(field)]

    def derived(self, *, of_money: bool) -> list[Field]:
        fields = self.fields.values()
        return [f for f in fields if f.is_derived and self.is_money(f) == of_money]
