"""Compares stored documents of funnels with the known answer of the same log."""

from collections.abc import Iterable, Mapping
from typing import Any

from bson import Decimal128

from consumers import funnel_step

Documents = Mapping[str, Mapping[str, dict[str, Any]]]
"""By collection and `_id`."""

DERIVED = frozenset({"drop_off_rate", "avg_time_seconds", "conversion_rate"})


def plain(value: Any) -> Any:
    """The value without zeros, empty maps and currencies of zeros, since absent means 0."""
    if isinstance(value, Decimal128):
        return int(value.to_decimal()) or None
    if isinstance(value, dict):
        found = {name: plain(each) for name, each in value.items()}
        return {name: each for name, each in found.items() if each not in (None, {})} or None
    return value or None


def counted(documents: Documents) -> dict[tuple[str, str], Any]:
    found = {}
    for model in funnel_step.GROUP.documents:
        own = {*model.key, "_id", "date", "updated_at", "_daybook"}
        for name, document in documents.get(model.collection, {}).items():
            kept = without_derived({k: v for k, v in document.items() if k not in own})
            if fields := plain(kept):
                found[model.collection, name] = fields
    return found


def without_derived(fields: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in fields.items() if name not in DERIVED}
    hours = kept.get("hours", {})
    kept["hours"] = {
        hour: {name: value for name, value in numbers.items() if name not in DERIVED}
        for hour, numbers in hours.items()
    }
    return kept


def expected(lines: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Any]:
    found = {}
    for line in lines:
        if fields := plain(without_derived(line["fields"])):
            found[line["collection"], line["_id"]] = fields
    return found


def assert_is_the_known_answer(documents: Documents, lines: Iterable[Mapping[str, Any]]) -> None:
    """Every document, field by field, and no other."""
    stored, known = counted(documents), expected(lines)
    for name in stored.keys() & known.keys():
        named = documents[name[0]][name[1]].get("currencies", {})
        if len(named) > len(known[name].get("currencies", {})):
            # A currency whose sum returned to zero stays named, so the day's own money is null.
            stored[name], known[name] = by_currency(stored[name]), by_currency(known[name])
    assert stored == known


def by_currency(fields: Any, top: bool = True) -> Any:
    """The fields without the money that is repeated outside `currencies`."""
    if not isinstance(fields, dict):
        return fields
    kept = {
        name: value if top and name == "currencies" else by_currency(value, top=False)
        for name, value in fields.items()
        if not name.endswith(("_cents", "_cents_squared"))
    }
    return plain(kept)
