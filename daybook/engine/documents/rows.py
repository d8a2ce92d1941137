"""Rows: documents that are replaced with the latest values rather than added to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class RowIndex(NamedTuple):
    """The fields of an index, in order; `where` is the filter of a partial index."""

    fields: tuple[str, ...]
    where: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RowModel:
    """A collection of rows (`Row`) and its indexes.

    `fields` maps each field to its type and description, for the data dictionary.
    """

    collection: str
    indexes: tuple[RowIndex, ...]
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Tail(NamedTuple):
    """A list that grows: its field, the new items with the offsets that brought them, and how many
    items are kept (the first ones); `<field>_total` counts all items ever added."""

    field: str
    items: list[tuple[int, Any]]
    kept: int


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
    tail: tuple[str, Any, int] | None = None
    """The field of a list, the item to append, and how many items are kept."""
    is_whole: bool = True
    """Whether `values` has all fields; otherwise the missing ones keep their stored values."""
