"""What the rules of a group consist of."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

Stage = Path | Callable[[DuckDBPyConnection], None]
"""A SQL file, or a function that reads tables and fills others."""
DocumentBuilder = Callable[[str, Sequence[str]], dict[str, Any]]
"""Builds a state document from its `_id` and the JSON that the rules give, in one or more rows."""


def parse_document(document: str, rows: Sequence[str]) -> dict[str, Any]:
    """A DocumentBuilder for rules that give the document in a single row of JSON."""
    [text] = rows
    state: dict[str, Any] = json.loads(text)
    return state


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
