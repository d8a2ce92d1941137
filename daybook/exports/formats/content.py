"""The content of a file in any format: a report's body, and streamed rows."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from daybook.exports.formats.cell import Cell, cell
from daybook.exports.formats.table import Table, tables


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows that are read from the database page by page; `name` is their field in the report."""

    name: str
    model: type[BaseModel]
    rows: AsyncIterator[BaseModel]

    @property
    def columns(self) -> list[str]:
        return list(self.model.model_fields)

    async def cells(self) -> AsyncIterator[list[Cell]]:
        columns = self.columns
        async for row in self.rows:
            yield [cell(getattr(row, column)) for column in columns]


@dataclass(frozen=True, slots=True)
class Content:
    """`without` names fields of the body that are left out, or come from the stream instead.

    The stream can be read only once.
    """

    title: str
    body: BaseModel
    without: frozenset[str]
    as_of: Mapping[str, Any]
    stream: Stream | None = None

    def tables(self) -> list[Table]:
        as_of = {f"as_of.{name}": value for name, value in self.as_of.items()}
        return tables(self.body, self.without, as_of)

    def fields(self) -> dict[str, Any]:
        """The body's fields for JSON."""
        return self.body.model_dump(exclude=set(self.without))
