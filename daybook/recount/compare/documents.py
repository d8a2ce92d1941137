"""Field by field: what is stored against what should be."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from bson import Decimal128, Int64

from daybook.recount.compare import maps
from daybook.recount.compare.expected import expected, is_nothing
from daybook.recount.compare.maps import fit_map
from daybook.recount.recounted import Document
from daybook.recount.replay.model import Field, Model

OWN_FIELDS = frozenset({"_id", "_daybook", "updated_at"})
"""What the fleet keeps for itself in a document; no number of anybody's."""


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()
"""Instead of a value: no such field, no such document."""


class Unequal(NamedTuple):
    """A field that differs. `since` is the model's version that brought it; 0 for none of it."""

    field: str
    stored: Any
    recounted: Any
    since: int = 0


def unequal_fields(
    model: Model, document_id: str, sums: Mapping[str, int], stored: Document, keys_max: int
) -> Iterator[Unequal]:
    """Every field of a stored document that is not what the sums make of it."""
    should = fitted(model, document_id, sums, stored, keys_max)
    for name in sorted((should.keys() | stored.keys()) - OWN_FIELDS):
        now, then = stored.get(name, ABSENT), should.get(name, ABSENT)
        if name == "hours" and model.is_measured and now is ABSENT:
            # There are none in a document whose maps alone were ever added to.
            now = {}
        if name == "hours" and isinstance(now, Mapping):
            yield from _hours(model, then, now, several=len(should.get("currencies", ())) > 1)
        elif name == "currencies" and isinstance(now, Mapping):
            yield from _currencies(model, then, now)
        elif name in model.fields and model.fields[name].is_map:
            several = len(should.get("currencies", ())) > 1
            nulls = model.fields[name].money_parts if several else ()
            if model.fields[name].is_named:
                nulls = *nulls, maps.NAME
            yield from _map(model.fields[name], name, now, then, nulls)
        else:
            yield from _field(model, name, "", now, then)


def fitted(
    model: Model, document_id: str, sums: Mapping[str, int], stored: Document, keys_max: int
) -> Document:
    """The expected document, its maps cut to what this stored one may name."""
    currencies = stored.get("currencies")
    lingering: list[str] = []
    if model.is_measured and isinstance(currencies, Mapping):
        lingering = [name for name, amounts in currencies.items() if _has_lingered(amounts)]
    should = expected(model, document_id, sums, lingering)
    _fit_maps(model, should, stored, keys_max)
    names = [field.name for field in model.fields.values() if field.kind == "money_map"]
    pairs = [(should, stored)]
    for currency, amounts in should.get("currencies", {}).items():
        pairs.append((amounts, _within(currencies, currency)))
    for document, holder in pairs:
        for name in names:
            if document[name] is not None:
                document[name] = fit_map(document[name], _within(holder, name), keys_max)
    return should


def _fit_maps(model: Model, should: Document, stored: Document, keys_max: int) -> None:
    """A breakdown's money stands in two maps, and both name what the one at the top does."""
    for field in model.maps():
        full, own = should[field.name], stored.get(field.name)
        if field.is_breakdown:
            named = maps.named_keys(full, own, keys_max, stays_full=True)
            should[field.name] = maps.fit_breakdown(full, named)
            for amounts in should.get("currencies", {}).values():
                amounts[field.name] = maps.fit_breakdown(amounts.get(field.name, {}), named)
        elif field.parts:
            should[field.name] = {
                group: fit_map(full[group], _within(own, group), keys_max, stays_full=True)
                for group in full
            }
        else:
            should[field.name] = fit_map(full, own, keys_max, stays_full=True)


def _has_lingered(amounts: object) -> bool:
    return isinstance(amounts, Mapping) and is_nothing(amounts)


def _within(holder: object, name: str) -> Any:
    return holder.get(name) if isinstance(holder, Mapping) else None


def same(stored: object, should: object) -> bool:
    """Equal in value and in type: a counter that is a double, or no int64, is not the same."""
    if isinstance(stored, Decimal128) and isinstance(should, Decimal128):
        return stored.to_decimal() == should.to_decimal()
    return type(stored) is type(should) and stored == should


def _map(
    field: Field, path: str, now: object, then: object, nulls: tuple[str, ...] = ()
) -> Iterator[Unequal]:
    """A number that is missing is 0; of those named `nulls`, null."""
    if not isinstance(now, Mapping):
        yield Unequal(path, now, then, field.since)
        return
    stored, should = maps.leaves(field, now), maps.leaves(field, then)
    for leaf in sorted(stored.keys() | should.keys()):
        nothing = None if leaf[-1] in nulls else Int64(0)
        if not same(stored.get(leaf, nothing), should.get(leaf, nothing)):
            values = stored.get(leaf, ABSENT), should.get(leaf, ABSENT)
            yield Unequal(".".join((path, *leaf)), *values, field.since)


def _field(model: Model, name: str, above: str, now: Any, then: Any) -> Iterator[Unequal]:
    field = model.fields.get(name)
    since = field.since if field else 0
    if isinstance(now, Mapping) and isinstance(then, Mapping) and field:
        for key in sorted(now.keys() | then.keys()):
            stored, should = now.get(key, Int64(0)), then.get(key, Int64(0))
            if not same(stored, should):
                path = f"{above}{name}.{key}"
                yield Unequal(path, now.get(key, ABSENT), then.get(key, ABSENT), since)
    elif isinstance(then, datetime):
        if now != then:
            yield Unequal(f"{above}{name}", now, then, since)
    elif not same(now, then):
        yield Unequal(f"{above}{name}", now, then, since)


def _currencies(model: Model, then: Document, now: Mapping[str, Any]) -> Iterator[Unequal]:
    for currency in sorted(then.keys() | now.keys()):
        stored, should = now.get(currency, ABSENT), then.get(currency, ABSENT)
        above = f"currencies.{currency}"
        if not isinstance(stored, Mapping) or not isinstance(should, Mapping):
            yield Unequal(above, stored, should)
            continue
        for name in sorted(stored.keys() | should.keys()):
            values = stored.get(name, ABSENT), should.get(name, ABSENT)
            if name in model.fields and model.fields[name].is_map:
                yield from _map(model.fields[name], f"{above}.{name}", *values)
            else:
                yield from _field(model, name, f"{above}.", *values)


def _hours(
    model: Model, then: Document, now: Mapping[str, Any], *, several: bool
) -> Iterator[Unequal]:
    """In an hour a sum that is missing is 0, and a rate or an average that is missing is null."""
    names = {
        field.name
        for field in model.fields.values()
        if field.kind != "money_map"
        and not field.is_map
        and not (several and model.is_money(field))
    }
    for hour in sorted(then.keys() | now.keys()):
        stored, should = now.get(hour, {}), then.get(hour, {})
        above = f"hours.{hour}"
        if not isinstance(stored, Mapping) or not is_hour(hour):
            yield Unequal(above, stored, should or ABSENT)
            continue
        for name in sorted(stored.keys() | should.keys()):
            nothing = model.fields[name].nothing if name in names else ABSENT
            values = stored.get(name, nothing), should.get(name, nothing)
            yield from _field(model, name, f"{above}.", *values)


def is_hour(hour: str) -> bool:
    return len(hour) == 2 and hour.isdigit() and hour < "24"
