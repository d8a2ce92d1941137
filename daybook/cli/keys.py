"""`daybook keys`: creates, lists and revokes the API keys of the HTTP services' callers."""

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
    help="Create, list and revoke API keys for the collector and the query service.",
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
        typer.Argument(
            callback=_organization,
            help="The organization whose events the key tracks, or whose reports it reads.",
        ),
    ],
    kind: Annotated[
        Kind,
        typer.Option(
            help="write: public, tracks from web pages. server: secret, tracks from your servers, "
            "without a rate limit; may send visitors' addresses, e-mail results and scanned "
            "tickets. read: secret, reads reports and tracks nothing."
        ),
    ] = "write",
    role: Annotated[
        Role | None,
        typer.Option(
            help="The role of a read key. analyst (the default), owner, server: reports of the "
            "organization. creator, brand: reports of one creator or brand. admin: reports of the "
            "platform and of every organization."
        ),
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option(callback=_subject, help="The creator or brand; required by those roles."),
    ] = None,
    name: Annotated[str, typer.Option(help="A note on what the key is for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Create an API key and print it. It is shown only once, because only its hash is stored.

    Examples: `daybook keys create acme --kind write --name shop.example` ·
    `daybook keys create acme --kind read --role analyst`
    """
    if kind != "read" and (role or subject):
        raise typer.BadParameter("--role and --subject need --kind read")
    if (role in ("creator", "brand")) != (subject is not None):
        raise typer.BadParameter("--subject goes with --role creator or brand, which require it")
    documents, now = database(settings()), datetime.now(UTC)
    text, key = create(documents, kind, organization, name, now, role, subject)
    if as_json:
        print(json.dumps(_as_json(key) | {"key": text}))
        return
    print_line(text)
    print_line(f"{kind} key of {organization}, id {key.id}; it is not shown again")


@keys.command("list")
def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """List all API keys by id, including revoked ones."""
    stored = list(find_all(database(settings())))
    if as_json:
        print(json.dumps([_as_json(key) for key in stored], indent=2))
        return
    rows = [
        (k.id, _kind(k), k.organization_id, k.name, moment(k.created_at), moment(k.revoked_at))
        for k in stored
    ]
    console().print(table(("id", "kind", "organization", "name", "created", "revoked"), rows))


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The id from `daybook keys list`.")],
) -> None:
    """Revoke an API key permanently. Services refuse it within a minute.

    Example: `daybook keys revoke ID`
    """
    key = revoke(database(settings()), key_id, datetime.now(UTC))
    print_line(f"revoked the {key.kind} key {key.id} of {key.organization_id}")


def _kind(key: Key) -> str:
    """The kind, followed by the role and the subject of a read key."""
    return " ".join(filter(None, (key.kind, key.role, key.subject)))


def _as_json(key: Key) -> dict[str, str | None]:
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
