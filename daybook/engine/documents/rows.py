"""Rows: documents that are replaced with the latest values rather than added to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import bson


class RowIndex(NamedTuple):
    """The fields of an index, in order; `where` is the filter of a partial index."""

    fields: tuple[str, ...]
    where: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RowModel:
    """A collection of rows (`Row`) and its indexes.

    `fields` maps each field to its type and description, for the data dictionary. `since` has the
    fields that rows from before a version lack until they are written again or rebuilt.
    """

    collection: str
    indexes: tuple[RowIndex, ...]
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    since: Mapping[str, int] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """The newest version in `since`."""
        return max(self.since.values(), default=0)


class Growth(NamedTuple):
    """A list that grows: its field, and the bounds of what is kept: the first `kept` items, as long
    as they have at most `bytes_max` bytes together as BSON. Once an item has no room, none after
    it does. `<field>_total` counts all items ever added, `truncated` those that had no room.
    """

    field: str
    kept: int
    bytes_max: int


class Tail(NamedTuple):
    """New items of a list, with the offsets that brought them."""

    growth: Growth
    items: Sequence[tuple[int, Any]]

    def offered(self) -> Iterator[tuple[int, int, Any]]:
        """The items that fit if nothing is stored yet: each one's offset, the bytes of all up to
        it, and the item. No other item will be stored."""
        size = 0
        for offset, item in self.items[: self.growth.kept]:
            size += len(bson.encode(item))
            if size > self.growth.bytes_max:
                return
            yield offset, size, item


class Row(NamedTuple):
    """A document whose `values` replace the stored ones, computed from the log up to offset `last`.

    The values are absolute, so a row may be written again while its watermark is below `last`.
    """

    collection: str
    id: str
    values: dict[str, Any]
    last: int = 0
    tail: Tail | None = None


class RowUpdate(NamedTuple):
    """What one message does to a row; `key` has the parts of the row's `_id`.

    `values` is called after the whole batch is folded, and only for the last message about the
    row, so it must not depend on anything that messages about other rows change.
    """

    collection: str
    key: tuple[str, ...]
    values: Callable[[], dict[str, Any]]
    tail: tuple[Growth, Any] | None = None
    """A list, and the item to append to it."""
    is_whole: bool = True
    """Whether `values` has all fields; otherwise the missing ones keep their stored values."""
