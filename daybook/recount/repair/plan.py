"""Plans the update that repairs a daily document while its group goes on adding to it.

The update adds the difference between the expected sums and those in a snapshot, so it commutes
with the increments of running members. It derives rates, averages and differences anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, Int64
from pymongo.errors import BulkWriteError

from daybook.recount.compare import maps
from daybook.recount.compare.documents import OWN_FIELDS, is_full, is_hour, same
from daybook.recount.recounted import Document, Marks, Position, marks
from daybook.recount.repair import pipeline
from daybook.recount.replay.model import Field, Model

Path = tuple[str, ...]

TOKEN = "_daybook.rebuild"
_LONG_MAX_AS_DOUBLE = 2**53
_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class Repair:
    """A filter (`where`) and the update: a pipeline, or a `whole` replacement document."""

    where: dict[str, Any]
    pipeline: list[dict[str, Any]]
    whole: Document | None = None


class Broken(Exception):
    """Sums cannot be added to a document, because a number or a sub-document has a wrong type."""


def claim(token: str, now_ms: int) -> list[dict[str, Any]]:
    """The update that takes the snapshot: only the holder of the token may repair from it."""
    return [{"$set": {TOKEN: token, "_daybook.revision": pipeline.revision(now_ms)}}]


def repair(
    model: Model,
    snapshot: Document,
    expected: Document,
    spans: Mapping[Position, tuple[int, int]],
) -> Repair:
    """The repair from a claimed snapshot to the expected document, whose effects are at `spans`.

    A broken document is replaced as a whole, if nobody has written to it since.
    """
    where: dict[str, Any] = {"_id": snapshot["_id"], TOKEN: snapshot["_daybook"]["rebuild"]}
    # In a full document, a key's money beside its counts may be in `other` of its currency.
    has_own_money = is_full(snapshot) and len(expected.get("currencies", ())) == 1
    try:
        sums = _sums(model, snapshot, expected, has_own_money=has_own_money)
        extra = list(_extra(model, snapshot, expected))
        sums |= _names(model, snapshot, expected)
    except Broken:
        revision = where["_daybook.revision"] = snapshot["_daybook"]["revision"]
        applied, firsts = merged(snapshot, spans)
        new = whole(
            model,
            snapshot["_id"],
            expected,
            applied,
            firsts,
            revision,
            full=is_full(snapshot),
        )
        return Repair(where, [], new)
    bookkeeping: dict[str, Any] = {
        "_daybook.revision": {"$add": ["$_daybook.revision", 1]},
        "_daybook.model": model.version,
        "updated_at": "$$NOW",
    }
    applied, firsts = marks(snapshot, "applied"), marks(snapshot, "first")
    for position, (first, last) in spans.items():
        below = ".".join(map(str, position))
        if applied.get(position, -1) < last:
            # The repair adds effects that the document has lost; no member may add them again.
            bookkeeping[f"_daybook.applied.{below}"] = Int64(last)
            same_as_read = applied.get(position, {"$not": {"$type": "number"}})
            where[f"_daybook.applied.{below}"] = same_as_read
        if position not in firsts:
            bookkeeping[f"_daybook.first.{below}"] = Int64(first)
    named = {"date": expected["date"]} | {n: {"$literal": expected[n]} for n in model.key}
    return Repair(
        where,
        [
            *pipeline.containers(model, expected),
            {"$set": named | bookkeeping | {".".join(p): e for p, e in sums.items()}},
            *pipeline.derived_fields(model, snapshot, expected, has_own_money=has_own_money),
            {"$unset": [*extra, TOKEN]},
        ],
    )


def merged(stored: Document, spans: Mapping[Position, tuple[int, int]]) -> tuple[Marks, Marks]:
    """Watermarks and first offsets, of the stored document and the expected effects together."""
    applied, firsts = marks(stored, "applied"), marks(stored, "first")
    for position, (first, last) in spans.items():
        applied[position] = max(last, applied.get(position, -1))
        firsts[position] = min(first, firsts.get(position, first))
    return applied, firsts


def whole(
    model: Model,
    name: object,
    expected: Document,
    applied: Marks,
    firsts: Marks,
    revision: int,
    *,
    full: bool = False,
) -> Document:
    """A whole document in its stored form, with the revision after `revision`.

    `full`: whether its maps take no new keys, because of its size.
    """
    bookkeeping: dict[str, Any] = {"applied": {}, "first": {}} | ({"full": True} if full else {})
    for which, offsets in (("applied", applied), ("first", firsts)):
        for (topic_id, number), offset in offsets.items():
            bookkeeping[which].setdefault(topic_id, {})[str(number)] = Int64(offset)
    bookkeeping |= {"revision": Int64(revision + 1), "model": model.version}
    return {"_id": name, **expected, "_daybook": bookkeeping, "updated_at": datetime.now(UTC)}


def only_duplicates(error: BulkWriteError) -> set[int]:
    """The indexes of inserts whose document already existed; re-raises any other error."""
    details: Any = error.details
    errors = details["writeErrors"]
    if details["writeConcernErrors"] or any(e["code"] != _DUPLICATE_KEY for e in errors):
        raise error
    return {e["index"] for e in errors}


def _sums(
    model: Model, snapshot: Document, expected: Document, *, has_own_money: bool
) -> dict[Path, pipeline.Expression]:
    """The additions, by path. Raises Broken."""
    stored_sums = _leaves(model, snapshot, has_own_money=has_own_money)
    expected_sums = _leaves(model, expected, has_own_money=has_own_money)
    sums: dict[Path, pipeline.Expression] = {}
    for path in sorted(stored_sums.keys() | expected_sums.keys()):
        stored = stored_sums.get(path)
        wanted = _whole_number(expected_sums.get(path, 0))
        field = model.fields.get(path[-1])
        is_decimal = field is not None and field.kind == "squares"
        amount = field.amount(wanted) if field is not None and is_decimal else Int64(wanted)
        if same(stored, amount) or (path[0] == "hours" and stored is None and not wanted):
            continue
        # In measured collections, members may be about to add to a sum that is zero now.
        vanishes = path[0] == "hours" or (path not in expected_sums and not model.is_measured)
        sums[path] = pipeline.plus(
            path, wanted - _whole_number(stored), vanishes=vanishes, is_decimal=is_decimal
        )
    return sums


def _names(model: Model, snapshot: Document, expected: Document) -> dict[Path, pipeline.Expression]:
    """The names of map keys that differ, by path."""
    names: dict[Path, pipeline.Expression] = {}
    for field in model.maps():
        before, after = (_inside(document, field.name) for document in (snapshot, expected))
        for key in sorted(before.keys() | after.keys()) if field.is_named else ():
            stored, wanted = (_inside(entries, key).get(maps.NAME) for entries in (before, after))
            if stored != wanted:
                path = field.name, key, maps.NAME
                names[path] = pipeline.renamed(path, stored, wanted)
    return names


def _whole_number(stored: object) -> int:
    """The value as an integer. Raises Broken if it is not exactly one."""
    if stored is None:
        return 0
    if isinstance(stored, int) and not isinstance(stored, bool):
        return int(stored)
    if isinstance(stored, Decimal128):
        exact = stored.to_decimal()
        if exact.is_finite() and exact == exact.to_integral_value():
            return int(exact)
    if isinstance(stored, float) and stored.is_integer() and abs(stored) < _LONG_MAX_AS_DOUBLE:
        return int(stored)
    raise Broken


def _leaves(model: Model, document: Document, *, has_own_money: bool) -> dict[Path, Any]:
    """Every sum of a document, by its path; with `has_own_money`, also the money that is beside
    the counts of a breakdown. Raises Broken."""
    leaves: dict[Path, Any] = {}
    for field in model.counters():
        if field.name in document:
            leaves[field.name,] = document[field.name]
    for currency, amounts in _inside(document, "currencies").items():
        for field in _sums_in_currency(model):
            if field.kind == "money_map":
                for key, amount in _inside(amounts, field.name).items():
                    leaves["currencies", currency, field.name, key] = amount
            elif field.name in amounts:
                leaves["currencies", currency, field.name] = amounts[field.name]
        for field in model.breakdowns():
            inside = _map_leaves(field, _inside(amounts, field.name))
            leaves |= {("currencies", currency, *path): n for path, n in inside.items()}
    for field in model.maps():
        inside = _map_leaves(field, _inside(document, field.name))
        if any(not _fits_a_path(path) for path in inside):
            raise Broken
        money = () if has_own_money else field.money_parts
        no_sums = (*money, *([maps.NAME] if field.is_named else []))
        leaves |= {path: n for path, n in inside.items() if path[-1] not in no_sums}
    hours = _inside(document, "hours")
    for hour in hours:
        amounts = _inside(hours, hour)
        for name in amounts.keys() & _sums_in_hour(model):
            leaves["hours", hour, name] = amounts[name]
    if not all(map(_fits_a_path, leaves)):
        raise Broken
    return leaves


def _fits_a_path(path: Path) -> bool:
    return not any("." in part or part.startswith("$") for part in path)


def _map_leaves(field: Field, stored: Document) -> dict[Path, Any]:
    """Every number of a map, by its path including the map's name. Raises Broken."""
    depth = 2 if field.parts else 1
    leaves = {(field.name, *path): n for path, n in maps.leaves(field, stored).items()}
    if any(len(path) != depth + 1 for path in leaves):
        raise Broken
    return leaves


def _inside(holder: object, name: str) -> Document:
    """The sub-document of that name, empty if absent. Raises Broken if it is no document."""
    inside = holder.get(name, {}) if isinstance(holder, dict) else holder
    if inside is None:
        return {}
    if not isinstance(inside, dict):
        raise Broken
    return inside


def _sums_in_currency(model: Model) -> list[Field]:
    return [field for field in model.in_currency() if not field.is_derived]


def _sums_in_hour(model: Model) -> set[str]:
    kinds = ("counter", "per_currency", "money", "squares")
    return {field.name for field in model.fields.values() if field.kind in kinds}


def _extra(model: Model, snapshot: Document, expected: Document) -> Iterator[str]:
    """Paths of fields that no rule explains. Raises Broken if one cannot simply be unset."""
    extra: list[Path] = [(name,) for name in snapshot.keys() - expected.keys() - OWN_FIELDS]
    in_currency = {field.name for field in (*model.in_currency(), *model.breakdowns())}
    for currency, amounts in _inside(snapshot, "currencies").items():
        if currency not in expected.get("currencies", {}):
            raise Broken
        extra += [("currencies", currency, name) for name in amounts.keys() - in_currency]
    in_hour = _sums_in_hour(model) | {f.name for f in model.fields.values() if f.is_derived}
    for hour, amounts in _inside(snapshot, "hours").items():
        if not is_hour(hour):
            raise Broken
        extra += [("hours", hour, name) for name in amounts.keys() - in_hour]
    for path in extra:
        if not path[-1] or "." in path[-1] or path[-1].startswith("$"):
            raise Broken
        yield ".".join(path)
