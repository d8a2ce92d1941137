"""`daybook keys`: who may track or read, and for which organization."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from daybook.cli.support.printing import console, moment, print_line, table
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.service.api_keys import Key, Kind, Role, create, find_all, revoke
from schemas.fields import Id

keys = typer.Typer(
    no_args_is_help=True,
    help="Make, list and revoke the keys by which callers are let in.",
)


def _organization(value: str) -> str:
    try:
        return TypeAdapter(Id).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("1 to 128 printable characters without spaces") from None


def _subject(value: str | None) -> str | None:
    return None if value is None else _organization(value)


@keys.command("create")
def create_key(
    organization: Annotated[
        str,
        typer.Argument(callback=_organization, help="Whose events it tracks, or reports reads."),
    ],
    kind: Annotated[
        Kind,
        typer.Option(
            help="write: public, for web pages. server: secret, for your own servers; no rate "
            "limit, may tell visitors' addresses, e-mails and scanned tickets. read: secret, for "
            "reports; it tracks nothing."
        ),
    ] = "write",
    role: Annotated[
        Role | None,
        typer.Option(
            help="Of a key that reads. analyst (unless you say another), owner, server: reports of "
            "the organization. creator, brand: what is theirs. admin: of the platform, and of "
            "every organization."
        ),
    ] = None,
    subject: Annotated[
        str | None, typer.Option(callback=_subject, help="Which creator or brand, for those roles.")
    ] = None,
    name: Annotated[str, typer.Option(help="What it is for, as a note to people.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Make a key and print it: once, since only its hash is kept.

    Examples: daybook keys create acme --kind write --name shop.example

    daybook keys create acme --kind read --role analyst
    """
    if kind != "read" and (role or subject):
        raise typer.BadParameter("--role and --subject are of keys that read: --kind read")
    if (role in ("creator", "brand")) != (subject is not None):
        raise typer.BadParameter("--subject is needed for the roles creator and brand, and only so")
    made = create(database(settings()), kind, organization, name, datetime.now(UTC), role, subject)
    text, key = made
    if as_json:
        print(json.dumps(_as_row(key) | {"key": text}))
        return
    print_line(text)
    print_line(f"a {kind} key of {organization}, id {key.id}; it is not shown again")


@keys.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List every key by its id, those that were revoked as well."""
    found = list(find_all(database(settings())))
    if as_json:
        print(json.dumps([_as_row(key) for key in found], indent=2))
        return
    rows = [
        (k.id, _what(k), k.organization_id, k.name, moment(k.created_at), moment(k.revoked_at))
        for k in found
    ]
    console().print(table(("id", "kind", "organization", "name", "created", "revoked"), rows))


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `daybook keys list` shows it.")],
) -> None:
    """End a key for ever. Services notice within a minute."""
    key = revoke(database(settings()), key_id, datetime.now(UTC))
    print_line(f"the {key.kind} key {key.id} of {key.organization_id} is revoked")


def _what(key: Key) -> str:
    """The kind, and of a key that reads its role."""
    told = [key.kind, *((key.role,) if key.role else ()), *((key.subject,) if key.subject else ())]
    return " ".join(told)


def _as_row(key: Key) -> dict[str, str | None]:
    return {
        "id": key.id,
        "kind": key.kind,
        "organization_id": key.organization_id,
        "name": key.name,
        "created_at": moment(key.created_at),
        "revoked_at": moment(key.revoked_at) or None,
        "role": key.role,
        "subject": key.subject,
    }
