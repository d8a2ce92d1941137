"""What the rules of a group consist of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from duckdb import DuckDBPyConnection

from daybook.recount.compare.rows import DocumentBuilder

Stage = Path | Callable[[DuckDBPyConnection], None]
"""A SQL file, or a function that reads tables and fills others."""


@dataclass(frozen=True, slots=True)
class Rules:
    """A group's rules, which run over some keys' messages at a time, in this order.

    `files`: SQL files that read the log alone; they declare the documents' fields.
    `stages`: what runs after them, for numbers that depend on how far each document has counted.
    `whole_documents`: the collections for which the rules give whole documents instead of sums. A
    view named like the collection gives JSON, from which the builder makes the document; a view
    with the suffix `_messages` gives the positions of the messages of each document.
    """

    files: tuple[Path, ...]
    stages: tuple[Stage, ...] = ()
    whole_documents: Mapping[str, DocumentBuilder] = field(default_factory=dict)
