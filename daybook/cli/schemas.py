"""`daybook schemas`: describes the events, the stored documents and the reports' HTTP API."""

import json
from pathlib import Path
from typing import Annotated

import typer

import consumers
from daybook.cli.support.extras import extra
from daybook.cli.support.printing import console, print_line, table
from daybook.engine.errors import DaybookError
from daybook.exports.group import GROUP as EXPORTS
from models.dictionary import dictionary
from schemas.catalogue import topic_of
from schemas.json_schema import events, fields, json_schema, topics


def schemas(
    topic: Annotated[
        str | None, typer.Argument(help="Print the JSON Schema of this topic's messages.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the JSON Schema of each topic to DIR/TOPIC.json."),
    ] = None,
    stored: Annotated[
        bool,
        typer.Option(
            "--dictionary", help="Print the data dictionary: every stored field, as Markdown."
        ),
    ] = False,
    reports: Annotated[
        bool,
        typer.Option("--openapi", help="Print the OpenAPI document of the query service."),
    ] = False,
) -> None:
    """List the events of every topic with their fields, or print their JSON Schemas.

    A field with a question mark may be absent. Beside `data`, every event has event_id (8 to 64
    characters, such as a UUID), event_type, occurred_at (a time with its UTC offset),
    schema_version (1 or 2), and optionally organization_id.

    Examples: `daybook schemas` · `daybook schemas sc.domain.order` ·
    `daybook schemas --out build/schemas`
    """
    if (topic is not None) + (out is not None) + stored + reports > 1:
        raise typer.BadParameter("choose only one of TOPIC, --out, --dictionary and --openapi")
    if reports:
        with extra("query"):
            from daybook.query.app import routed
            from daybook.query.openapi import text
        print(text(routed()), end="")
    elif stored:
        print(dictionary((*consumers.FLEET, EXPORTS)), end="")
    elif topic is not None:
        print(_text(topic), end="")
    elif out is not None:
        _write(out)
    else:
        _list()


def _list() -> None:
    for topic in topics():
        print_line(f"{topic}, key {topic_of(topic).key}")
        rows = [(name, ", ".join(fields(event))) for name, event in events(topic).items()]
        console().print(table(("event_type", "data"), rows))
        print_line("")


def _write(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for topic in topics():
            path = directory / f"{topic}.json"
            path.write_text(_text(topic))
            print_line(str(path))
    except OSError as error:
        raise DaybookError(f"--out {error.filename}: {error.strerror}") from None


def _text(topic: str) -> str:
    return json.dumps(json_schema(topic), indent=2, ensure_ascii=False) + "\n"
