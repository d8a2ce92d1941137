"""The update that makes a daily document what the log says, while its group goes on adding to it.

What the document should hold less what it held in a snapshot is added to what it holds by then:
sums commute with the increments of running members. What is worked out from sums is worked out
anew in the same update.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, Int64
from pymongo.errors import BulkWriteError

from daybook.recount.compare import maps
from daybook.recount.compare.documents import OWN_FIELDS, is_hour, same
from daybook.recount.recounted import Document, Marks, Position, marks
from daybook.recount.repair import pipeline
from daybook.recount.replay.model import Field, Model

Path = tuple[str, ...]

TOKEN = "_daybook.rebuild"
_LONG_MAX_AS_DOUBLE = 2**53
_DUPLICATE_KEY = 11000


@dataclass(frozen=True, slots=True)
class Repair:
    """`where` a document may be repaired, and either a pipeline or a whole new document."""

    where: dict[str, Any]
    pipeline: list[dict[str, Any]]
    whole: Document | None = None


class Broken(Exception):
    """A document in which sums cannot be added: no numbers, or no documents where they belong."""


def claim(token: str, now_ms: int) -> list[dict[str, Any]]:
    """The update before the snapshot: only who holds the token may repair from it."""
    return [{"$set": {TOKEN: token, "_daybook.revision": pipeline.revision(now_ms)}}]


def repair(
    model: Model,
    snapshot: Document,
    should: Document,
    spans: Mapping[Position, tuple[int, int]],
) -> Repair:
    """From a claimed snapshot to what it `should` hold of effects at `spans` of the log.

    A document that is broken is replaced whole, if nobody has written to it since.
    """
    where: dict[str, Any] = {"_id": snapshot["_id"], TOKEN: snapshot["_daybook"]["rebuild"]}
    try:
        sums, extra = _sums(model, snapshot, should), list(_extra(model, snapshot, should))
        sums |= _names(model, snapshot, should)
    except Broken:
        revision = where["_daybook.revision"] = snapshot["_daybook"]["revision"]
        applied, firsts = merged(snapshot, spans)
        return Repair(where, [], whole(model, snapshot["_id"], should, applied, firsts, revision))
    own: dict[str, Any] = {
        "_daybook.revision": {"$add": ["$_daybook.revision", 1]},
        "_daybook.model": model.version,
        "updated_at": "$$NOW",
    }
    applied, firsts = marks(snapshot, "applied"), marks(snapshot, "first")
    for position, (first, last) in spans.items():
        below = ".".join(map(str, position))
        if applied.get(position, -1) < last:
            # Effects that the document has lost: nobody may bring them back a second time.
            own[f"_daybook.applied.{below}"] = Int64(last)
            same_as_read = applied.get(position, {"$not": {"$type": "number"}})
            where[f"_daybook.applied.{below}"] = same_as_read
        if position not in firsts:
            own[f"_daybook.first.{below}"] = Int64(first)
    named = {"date": should["date"]} | {n: {"$literal": should[n]} for n in model.key}
    return Repair(
        where,
        [
            *pipeline.containers(model, should),
            {"$set": named | own | {".".join(p): e for p, e in sums.items()}},
            *pipeline.worked_out(model, snapshot, should),
            {"$unset": [*extra, TOKEN]},
        ],
    )


def merged(stored: Document, spans: Mapping[Position, tuple[int, int]]) -> tuple[Marks, Marks]:
    """Applied and first offsets, of what is stored and of the effects that it should hold."""
    applied, firsts = marks(stored, "applied"), marks(stored, "first")
    for position, (first, last) in spans.items():
        applied[position] = max(last, applied.get(position, -1))
        firsts[position] = min(first, firsts.get(position, first))
    return applied, firsts


def whole(
    model: Model, name: object, should: Document, applied: Marks, firsts: Marks, revision: int
) -> Document:
    """A whole document as it is stored, the next after `revision`."""
    own: dict[str, Any] = {"applied": {}, "first": {}}
    for which, offsets in (("applied", applied), ("first", firsts)):
        for (topic_id, number), offset in offsets.items():
            own[which].setdefault(topic_id, {})[str(number)] = Int64(offset)
    own |= {"revision": Int64(revision + 1), "model": model.version}
    return {"_id": name, **should, "_daybook": own, "updated_at": datetime.now(UTC)}


def only_duplicates(error: BulkWriteError) -> set[int]:
    """Which inserts found their document there already; raises what else went wrong."""
    details: Any = error.details
    errors = details["writeErrors"]
    if details["writeConcernErrors"] or any(each["code"] != _DUPLICATE_KEY for each in errors):
        raise error
    return {each["index"] for each in errors}


def _sums(model: Model, snapshot: Document, should: Document) -> dict[Path, pipeline.Expression]:
    """What to add where. Raises Broken."""
    now, then = _leaves(model, snapshot), _leaves(model, should)
    sums: dict[Path, pipeline.Expression] = {}
    for path in sorted(now.keys() | then.keys()):
        stored = now.get(path)
        wanted = _whole_number(then.get(path, 0))
        field = model.fields.get(path[-1])
        is_decimal = field is not None and field.kind == "squares"
        kept = field.amount(wanted) if field is not None and is_decimal else Int64(wanted)
        if same(stored, kept) or (path[0] == "hours" and stored is None and not wanted):
            continue
        # Where numbers are measured, members may be about to add to what has come to nothing.
        vanishes = path[0] == "hours" or (path not in then and not model.is_measured)
        sums[path] = pipeline.plus(
            path, wanted - _whole_number(stored), vanishes=vanishes, is_decimal=is_decimal
        )
    return sums


def _names(model: Model, snapshot: Document, should: Document) -> dict[Path, pipeline.Expression]:
    """What the keys of maps are to be called, where they are called otherwise."""
    names: dict[Path, pipeline.Expression] = {}
    for field in model.maps():
        now, then = (_inside(document, field.name) for document in (snapshot, should))
        for key in sorted(now.keys() | then.keys()) if field.is_named else ():
            stored, wanted = (_inside(entries, key).get(maps.NAME) for entries in (now, then))
            if stored != wanted:
                path = field.name, key, maps.NAME
                names[path] = pipeline.renamed(path, stored, wanted)
    return names


def _whole_number(stored: object) -> int:
    """Raises Broken for what cannot be added to exactly."""
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


def _leaves(model: Model, document: Document) -> dict[Path, Any]:
    """Every sum of a document, by its path. Raises Broken."""
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
        if any(not _may_stand_in_a_path(path) for path in inside):
            raise Broken
        no_sums = (*field.money_parts, *([maps.NAME] if field.is_named else []))
        leaves |= {path: n for path, n in inside.items() if path[-1] not in no_sums}
    hours = _inside(document, "hours")
    for hour in hours:
        amounts = _inside(hours, hour)
        for name in amounts.keys() & _sums_in_hour(model):
            leaves["hours", hour, name] = amounts[name]
    if not all(map(_may_stand_in_a_path, leaves)):
        raise Broken
    return leaves


def _may_stand_in_a_path(path: Path) -> bool:
    return not any("." in part or part.startswith("$") for part in path)


def _map_leaves(field: Field, stored: Document) -> dict[Path, Any]:
    """Every number of a map, by its path from the map's name on. Raises Broken."""
    depth = 2 if field.parts else 1
    leaves = {(field.name, *path): n for path, n in maps.leaves(field, stored).items()}
    if any(len(path) != depth + 1 for path in leaves):
        raise Broken
    return leaves


def _inside(holder: object, name: str) -> Document:
    """Raises Broken for what is there and is no document."""
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


def _extra(model: Model, snapshot: Document, should: Document) -> Iterator[str]:
    """Fields that no rule explains. Raises Broken where one cannot simply be taken away."""
    extra: list[Path] = [(name,) for name in snapshot.keys() - should.keys() - OWN_FIELDS]
    in_currency = {field.name for field in (*model.in_currency(), *model.breakdowns())}
    for currency, amounts in _inside(snapshot, "currencies").items():
        if currency not in should.get("currencies", {}):
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
