"""Sketches of distinct keys beside all the keys that the log says were counted."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from datasketches import hll_sketch, hll_union, tgt_hll_type  # type: ignore[import-untyped]

from daybook.recount.compare.documents import ABSENT
from daybook.recount.recounted import Document, Key
from daybook.recount.session import Recount, Snapshot
from daybook.recount.verdict.report import Difference

VERSION = 1
_LG_K = 12
_REGISTERS = 1 << _LG_K
"""Bytes of them in HLL_8."""
_TOLD_EVERY = 1_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """`name`: of a sketch, whatever its partitions; `stored`: its documents, one a partition."""

    name: str
    stored: list[Document]
    keys: list[Key]
    differences: list[Difference]

    @property
    def is_of_old(self) -> bool:
        """Whether it was begun by a group that had counted before it kept sketches."""
        return any(one.get("_daybook", {}).get("model", 0) < VERSION for one in self.stored)


def doubt(recount: Recount, snapshot: Snapshot) -> str | None:
    """Why none of the group's sketches can be judged, if so: the log is not whole."""
    return snapshot.coverage.of_document({}, {}) if recount.group.sketches else None


def sketches(recount: Recount, snapshot: Snapshot) -> Iterator[Verdict]:
    """A verdict on each sketch that is stored, or that the log knows of; after the documents.
    None where there is a doubt.

    A sketch has no watermark. It must hold every key that the group has surely counted, and
    none that the log does not know.
    """
    collection, left = recount.group.sketches, dict(snapshot.sketches)
    if not collection or doubt(recount, snapshot):
        return
    found = recount.replay.sketched(snapshot.days)
    for done, (name, keys) in enumerate(groupby(found, key=lambda key: key.sketch)):
        if done % _TOLD_EVERY == 0:
            recount.report_progress("comparing sketches", done, len(snapshot.sketches))
        yield _verdict(collection, name, left.pop(name, []), list(keys))
    for name, stored in left.items():
        yield _verdict(collection, name, stored, [])


def _verdict(collection: str, name: str, stored: list[Document], keys: list[Key]) -> Verdict:
    due = united([holding(k.owner for k in keys if k.is_due)])
    known = united([due, holding(k.owner for k in keys if not k.is_due)])
    try:
        held = [hll_sketch.deserialize(one["sketch"]) for one in stored]
    except (KeyError, TypeError, ValueError, RuntimeError):
        damaged = Difference(collection, name, "sketch", "no sketch", count(due))
        return Verdict(name, stored, keys, [damaged])
    differences = [
        Difference(collection, str(one["_id"]), "estimate", one.get("estimate", ABSENT), should)
        for one, should in zip(stored, map(count, held), strict=True)
        if one.get("estimate") != should
    ]
    together = united(held)
    if lacks(together, due) or lacks(known, together):
        is_stored = count(together) if stored else ABSENT
        differences.append(Difference(collection, name, "sketch", is_stored, count(due)))
    return Verdict(name, stored, keys, differences)


def holding(keys: Iterable[str]) -> Any:
    """A sketch of the keys."""
    sketch = hll_sketch(_LG_K, tgt_hll_type.HLL_4)
    for key in keys:
        sketch.update(key)
    return sketch


def united(several: Iterable[Any]) -> Any:
    """Sketches as one."""
    union = hll_union(_LG_K)
    for one in several:
        union.update(one)
    return union.get_result(tgt_hll_type.HLL_8)


def count(sketch: Any) -> int:
    return int(round(sketch.get_estimate()))


def lacks(one: Any, other: Any) -> bool:
    """Whether there is anything in the other that is not in the one."""
    return _content(united([one, other])) != _content(one)


def _content(sketch: Any) -> bytes | float:
    """What depends on the keys alone: the registers, whose estimate hangs on the order of keys; of
    a small sketch, which has none and lists its keys in any order, how many there are."""
    updatable = bytes(sketch.serialize_updatable())
    if len(updatable) < _REGISTERS:
        return float(sketch.get_estimate())
    return updatable[-_REGISTERS:]
