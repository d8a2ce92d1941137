"""Writes a report as JSON: the body of its HTTP response, with all rows instead of a page."""

from pathlib import Path

from pydantic_core import to_json

from daybook.exports.formats.content import Content


async def write(content: Content, path: Path) -> int:
    """Writes the file; returns the number of rows that its tables would have."""
    count = sum(len(table.rows) for table in content.tables())
    with path.open("wb") as out:
        out.write(b"{")
        for name, value in content.fields().items():
            out.write(to_json(name) + b":" + to_json(value, inf_nan_mode="null") + b",\n")
        if stream := content.stream:
            out.write(to_json(stream.name) + b":[")
            separator = b"\n"
            async for row in stream.rows:
                out.write(separator + row.model_dump_json().encode())
                separator = b",\n"
                count += 1
            out.write(b"],\n")
        out.write(b'"as_of":' + to_json(content.as_of) + b"}\n")
    return count
