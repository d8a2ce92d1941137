"""Which counters count distinct keys, and which sketches hold those keys."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from daybook.engine.documents.change import Effect
from daybook.engine.documents.fields import DailyDocument
from daybook.engine.documents.keys import encode_part
from daybook.engine.partition import Partition


class Sketch(NamedTuple):
    """Which sketch: its kind, the parts of the counting document's key, a day or a month."""

    kind: str
    key: tuple[str, ...]
    period: str


@dataclass(frozen=True, slots=True, eq=False)
class SketchModel:
    """The sketches beside a group's counters of distinct keys.

    `kinds`: each such counter, as model and field, and what its sketches are called. `names`: what
    the parts of the counting documents' keys are called here. `index`: how readers find sketches.
    """

    collection: str
    names: tuple[str, ...]
    kinds: Mapping[tuple[type[DailyDocument], str], str]
    index: tuple[str, ...]
    version: int = 1

    def holding(self, effect: Effect) -> Iterator[Sketch]:
        """The sketches, of the day and of its month, that must hold the key which is counted.

        None for other counters, and none for what is taken away: a sketch forgets nobody.
        """
        document = effect.document
        kind = self.kinds.get((document.model, effect.amount.field))
        if kind is not None and effect.value > 0:
            for period in (document.day, document.day[:7]):
                yield Sketch(kind, document.key, period)

    def empty(self, sketch: Sketch, partition: Partition) -> dict[str, Any]:
        """A sketch's document before it holds anything: the parts of its `_id`, by name."""
        first, *others = zip(self.names, sketch.key, strict=False)
        parts: dict[str, Any] = dict(
            [
                first,
                ("kind", sketch.kind),
                *others,
                ("period", sketch.period),
                ("topic_id", partition.topic_id),
                ("partition", partition.number),
            ]
        )
        return {"_id": ":".join(encode_part(str(part)) for part in parts.values())} | parts
