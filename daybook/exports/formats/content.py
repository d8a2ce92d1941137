"""What goes into a file, whatever its form: a report's body, and rows that are too many for it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from daybook.exports.formats.cell import Cell, cell
from daybook.exports.formats.table import Table, tables


@dataclass(frozen=True, slots=True)
class Stream:
    """Rows as they come out of the database, one page in memory; `name` is their field's."""

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
    """`without`: fields of the body that are not told, or are the stream's. Read once."""

    title: str
    body: BaseModel
    without: frozenset[str]
    as_of: Mapping[str, Any]
    stream: Stream | None = None

    def tables(self) -> list[Table]:
        as_of = {f"as_of.{name}": value for name, value in self.as_of.items()}
        return tables(self.body, self.without, as_of)

    def fields(self) -> dict[str, Any]:
        """The body as JSON has it."""
        return self.body.model_dump(exclude=set(self.without))
