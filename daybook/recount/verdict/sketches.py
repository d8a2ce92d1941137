"""Compares sketches of distinct visitors with the visitors that the log says were counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from datasketches import hll_sketch, hll_union, tgt_hll_type  # type: ignore[import-untyped]

from daybook.recount.compare.documents import ABSENT
from daybook.recount.recounted import Document, Key
from daybook.recount.session import Recount, Snapshot
from daybook.recount.verdict.report import Difference

VERSION = 3
"""That of `Uniques` in models/uniques.py."""

_LG_K = 12
_REGISTERS = 1 << _LG_K
"""The number of registers, each one byte in HLL_8."""
_REPORTED_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one sketch, over all its partitions.

    `name`: its `_id` without topic id and partition. `stored`: its documents, one per partition.
    `keys`: the visitors that it must or may hold.
    """

    name: str
    stored: list[Document]
    keys: list[Key]
    differences: list[Difference]

    @property
    def predates_sketches(self) -> bool:
        """Whether the group counted before it kept sketches, so that visitors may be missing."""
        return any(one.get("_daybook", {}).get("model", 0) < VERSION for one in self.stored)


def doubt_of_sketches(recount: Recount, snapshot: Snapshot) -> str | None:
    """Why no sketch of the group can be compared, or None: the log is incomplete."""
    return snapshot.coverage.document_doubt({}, {}) if recount.group.sketches else None


def sketch_verdicts(recount: Recount, snapshot: Snapshot) -> Iterator[Verdict]:
    """A verdict on each sketch that is stored or that the log gives; none if there is a doubt.

    A sketch has no watermark. It must hold every visitor that the group has certainly counted,
    and none that is not in the log.
    """
    collection, left = recount.group.sketches, dict(snapshot.sketches)
    if not collection or doubt_of_sketches(recount, snapshot):
        return
    due = recount.replay.results.sketch_keys(snapshot.days)
    for done, (name, keys) in enumerate(groupby(due, key=lambda key: key.sketch)):
        if done % _REPORTED_EVERY == 0:
            recount.report_progress("comparing sketches", done, len(snapshot.sketches))
        yield _verdict(collection, name, left.pop(name, []), list(keys))
    for name, stored in left.items():
        yield _verdict(collection, name, stored, [])


def _verdict(collection: str, name: str, stored: list[Document], keys: list[Key]) -> Verdict:
    due = merged([sketch_of(k.owner for k in keys if k.is_due)])
    known = merged([due, sketch_of(k.owner for k in keys if not k.is_due)])
    try:
        held = [hll_sketch.deserialize(one["sketch"]) for one in stored]
    except (KeyError, TypeError, ValueError, RuntimeError):
        damaged = Difference(collection, name, "sketch", "no sketch", count(due))
        return Verdict(name, stored, keys, [damaged])
    differences = [
        Difference(collection, str(one["_id"]), "estimate", one.get("estimate", ABSENT), expected)
        for one, expected in zip(stored, map(count, held), strict=True)
        if one.get("estimate") != expected
    ]
    together = merged(held)
    if lacks(together, due) or lacks(known, together):
        estimate = count(together) if stored else ABSENT
        differences.append(Difference(collection, name, "sketch", estimate, count(due)))
    return Verdict(name, stored, keys, differences)


def sketch_of(keys: Iterable[str]) -> Any:
    """A sketch that holds exactly these keys."""
    sketch = hll_sketch(_LG_K, tgt_hll_type.HLL_4)
    for key in keys:
        sketch.update(key)
    return sketch


def merged(sketches: Iterable[Any]) -> Any:
    """The union of sketches."""
    union = hll_union(_LG_K)
    for sketch in sketches:
        union.update(sketch)
    return union.get_result(tgt_hll_type.HLL_8)


def count(sketch: Any) -> int:
    """The estimated number of keys."""
    return int(round(sketch.get_estimate()))


def lacks(one: Any, other: Any) -> bool:
    """Whether `other` holds a key that `one` does not: merging them would change `one`."""
    return _content(merged([one, other])) != _content(one)


def _content(sketch: Any) -> bytes | float:
    """The part of a sketch that depends on its keys alone, not on their order: its registers.

    A small sketch has no registers and lists its keys in any order; there it is their number.
    """
    updatable = bytes(sketch.serialize_updatable())
    if len(updatable) < _REGISTERS:
        return float(sketch.get_estimate())
    return updatable[-_REGISTERS:]
