"""Reads the state documents that the rules give, as files of JSON, one or more lines a document."""

import json
from collections.abc import Callable, Iterator, Sequence
from heapq import merge
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from daybook.recount.recounted import Document

DocumentBuilder = Callable[[str, Sequence[Any]], Document]
"""Builds a state document from its `_id` and the values that the rules give, one or more."""

_name = itemgetter(0)
_parse = json.JSONDecoder().raw_decode


def single_row(document: str, rows: Sequence[Any]) -> Document:
    """A DocumentBuilder for rules that give the document as it is."""
    [state] = rows
    return dict(state)


def read(paths: Sequence[Path], build: DocumentBuilder) -> Iterator[tuple[str, Document]]:
    """The documents in the order of their `_id`s. Each line of a file: `_id` and a value."""
    lines = merge(*map(_lines, paths), key=_name)
    for document, own in groupby(lines, key=_name):
        yield document, build(document, [row for _, row in own])


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield _parse(line)[0]
