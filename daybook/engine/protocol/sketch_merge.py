"""Adds keys to their partition's sketches, before any state records that they were counted.

A sketch only grows, and adding a key twice changes nothing, so it needs no watermark and a batch
may be repeated. Only what another owner of the partition added between our read and our write could
be lost; the check of the document's revision prevents that.
"""

from collections.abc import Callable, Collection, Mapping
from itertools import islice
from typing import Any

from bson import Int64

from daybook.engine.documents import sketches
from daybook.engine.documents.sketches import Sketch, SketchModel
from daybook.engine.partition import Partition
from daybook.engine.store import Store

_PAUSE_SECONDS = 0.01
_BATCH_MAX = 1_000
"""Sketches read and written together; a document has about 2 kB at most."""

Addition = tuple[dict[str, Any], Collection[str]]
"""A sketch's document without its keys, and the keys that the sketch must contain."""


def merge_sketches(
    store: Store,
    model: SketchModel,
    partition: Partition,
    keys: Mapping[Sketch, Collection[str]],
    pause: Callable[[float], None],
) -> None:
    """Durably adds its keys to every sketch. Raises Unavailable: then call again."""
    additions = iter([(model.new_document(sketch, partition), keys[sketch]) for sketch in keys])
    while batch := list(islice(additions, _BATCH_MAX)):
        _merge_batch(store, model.collection, batch, pause)


def _merge_batch(
    store: Store, collection: str, additions: list[Addition], pause: Callable[[float], None]
) -> None:
    pending = {new["_id"]: (new, keys) for new, keys in additions}
    while pending:
        stored = store.fetch(collection, pending)
        changed = []
        for name, (new, keys) in pending.items():
            document = stored.get(name, new)
            sketch = sketches.add_keys(document.get("sketch"), keys)
            if sketch is not None:
                estimate = Int64(sketches.estimate_union([sketch]).estimate)
                changed.append(document | {"sketch": sketch, "estimate": estimate})
        pending = {name: pending[name] for name in store.swap(collection, changed)}
        if pending:
            pause(_PAUSE_SECONDS)
