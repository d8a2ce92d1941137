"""Rows: documents that are replaced by what the log says of them, rather than added to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class RowIndex(NamedTuple):
    """The fields of an index, in order; with `where` it holds what fits that filter alone."""

    fields: tuple[str, ...]
    where: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class RowModel:
    """A collection of rows (`Row`), and the indexes by which they are read.

    `fields`: each with its type and what it is, for the data dictionary.
    """

    collection: str
    indexes: tuple[RowIndex, ...]
    fields: Mapping[str, tuple[str, str]] = field(default_factory=dict)


class Tail(NamedTuple):
    """A list that grows: its field, what is new with the offsets that brought it, and how many
    items are kept, the first ones; `<field>_total` counts them all."""

    field: str
    items: list[tuple[int, Any]]
    kept: int


class Row(NamedTuple):
    """A document that is replaced by what the log says of it up to `last`, rather than added to.

    Its values are absolute, so a row may be written again whenever its watermark is below `last`.
    """

    collection: str
    id: str
    values: dict[str, Any]
    last: int = 0
    tail: Tail | None = None


class RowUpdate(NamedTuple):
    """What a message makes of a row; `key` are the parts of its `_id`, `tail` is what it adds.

    `values` are asked for when the batch is through, and only of its last message about the row:
    they may hang on nothing that a message about other rows changes.
    """

    collection: str
    key: tuple[str, ...]
    values: Callable[[], dict[str, Any]]
    tail: tuple[str, Any, int] | None = None
    """The list's field, a new item, how many items are kept."""
    is_whole: bool = True
    """Otherwise the fields that are left out stay as they were."""
