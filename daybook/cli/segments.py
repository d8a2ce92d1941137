"""`daybook segments`: defines, retires and lists audience segments, their members, and why."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from pydantic import TypeAdapter, ValidationError

from daybook.cli.support.moment_options import milliseconds
from daybook.cli.support.printing import as_json, console, moment, number_of, print_line, table
from daybook.cli.support.segment_profiles import clock_of, find_profile, find_version, matching
from daybook.engine.decode.parse import Ignored, read
from daybook.engine.documents.source import Source
from daybook.engine.errors import DaybookError, Poison, Unknown
from daybook.engine.kafka.admin import log_bounds
from daybook.engine.kafka.clients import admin, producer
from daybook.engine.kafka.feed_producer import FeedProducer
from daybook.engine.kafka.scan import scan
from daybook.engine.mongo.client import Documents, database, reachable
from daybook.engine.settings import Settings, settings
from daybook.segments.definitions import Definitions
from daybook.segments.filters.explain import explain
from models.segments import AudienceSegments, SegmentMembers
from schemas.catalogue import source
from schemas.envelope import DEFAULT_ORGANIZATION, moment_text
from schemas.fields import Id

segments = typer.Typer(
    no_args_is_help=True,
    help="Define and retire audience segments, list them and their members, and explain one.",
)

TOPIC = "sc.analytics.segments"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = frozenset({"segment_id", "name", "filters"})


class BadDefinition(DaybookError):
    """A definition is refused; the message names the path of what is wrong."""

    exit_code = 2


def _id(value: str) -> str:
    try:
        return TypeAdapter(Id).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("1 to 128 printable characters without spaces") from None


Organization = Annotated[
    str, typer.Option(callback=_id, help="The organization whose segments these are.")
]
VersionOption = Annotated[
    int | None, typer.Option("--version", min=1, help="A version; by default the newest.")
]
AtOption = Annotated[
    int | None,
    typer.Option(
        "--at",
        parser=milliseconds,
        metavar="TIME",
        help="A moment (RFC 3339); by default the one up to which everything is evaluated.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@segments.command("define")
def define_segment(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help='JSON: {"segment_id": …, "name": …, "filters": …}'
        ),
    ],
    organization: Organization = DEFAULT_ORGANIZATION,
) -> None:
    """Define a segment, or its next version, by a file.

    The version is 1, or the newest one and 1. A definition that says what the newest version says
    changes nothing.

    Example: `daybook segments define carts.json --organization acme`
    """
    given = _read_file(file)
    config, topic = settings(), source(TOPIC)
    known = _read_definitions(config, topic)
    segment = known.segment(organization, given["segment_id"])
    held = segment.in_force if segment else None
    if held and (held.name, held.filters) == (given.get("name"), given.get("filters")):
        print_line(f"{given['segment_id']} is version {held.number} already")
        return
    version = segment.versions[-1].number + 1 if segment else 1
    _publish(config, topic, known, "segment.defined", given | {"version": version}, organization)
    print_line(f"{given['segment_id']} is defined: version {version}")


@segments.command("retire")
def retire_segment(
    segment: Annotated[str, typer.Argument(callback=_id, help="The segment's id.")],
    organization: Organization = DEFAULT_ORGANIZATION,
) -> None:
    """Retire a segment: its members leave, and nobody enters until it is defined again.

    Example: `daybook segments retire carts --organization acme`
    """
    config, topic = settings(), source(TOPIC)
    known = _read_definitions(config, topic)
    held = known.segment(organization, segment)
    if held and held.is_retired:
        print_line(f"{segment} is retired already")
        return
    _publish(config, topic, known, "segment.retired", {"segment_id": segment}, organization)
    print_line(f"{segment} is retired")


@segments.command("pin")
def pin_campaign(
    campaign: Annotated[str, typer.Argument(callback=_id, help="The campaign's id.")],
    segment: Annotated[str, typer.Argument(callback=_id, help="The segment's id.")],
    version: Annotated[
        int | None, typer.Option(min=1, help="The version, which must be in force, as the newest.")
    ] = None,
    organization: Organization = DEFAULT_ORGANIZATION,
) -> None:
    """Pin a campaign to a segment: it gets the members of this moment, and keeps them.

    Example: `daybook segments pin spring carts --organization acme`
    """
    config, topic = settings(), source(TOPIC)
    known = _read_definitions(config, topic)
    held = known.segment(organization, segment)
    number = version or (held.versions[-1].number if held else 1)
    data = {"campaign_id": campaign, "segment_id": segment, "version": number}
    if known.campaign(organization, campaign) is None:
        _publish(config, topic, known, "campaign.pinned", data, organization)
        print_line(f"{campaign} is pinned to version {number} of {segment}")
        return
    _take(known, _event(topic, "campaign.pinned", data, organization))
    print_line(f"{campaign} is pinned to version {number} of {segment} already")


def _publish(
    config: Settings,
    topic: Source,
    known: Definitions,
    event_type: str,
    data: Mapping[str, Any],
    organization: str,
) -> None:
    """Publishes an event that the definitions there are allow. Raises BadDefinition."""
    event = _event(topic, event_type, data, organization)
    _take(known, event)
    FeedProducer(producer(config), topic.topic).send_keyed(
        [(topic.key_of(event).encode(), json.dumps(event).encode())]
    )


def _take(known: Definitions, event: Any) -> None:
    """Raises BadDefinition."""
    try:
        known.take(event, 0)
    except Poison as error:
        raise BadDefinition(error.detail.removeprefix("data.")) from None


def _read_file(file: Path) -> dict[str, Any]:
    """Raises BadDefinition."""
    try:
        given = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise BadDefinition(f"{file}: must be JSON") from None
    if not isinstance(given, dict):
        raise BadDefinition(f"{file}: must be an object with {', '.join(sorted(_FIELDS))}")
    if unknown := sorted(given.keys() - _FIELDS):
        raise BadDefinition(f"{file}: {unknown[0]}: is not one of {', '.join(sorted(_FIELDS))}")
    if not isinstance(given.get("segment_id"), str):
        raise BadDefinition(f"{file}: segment_id: must be a string")
    return given


def _event(topic: Source, event_type: str, data: Mapping[str, Any], organization: str) -> Any:
    """An event of now, validated. Raises BadDefinition."""
    value = {
        "event_id": str(uuid4()),
        "event_type": event_type,
        "occurred_at": moment_text(datetime.now(UTC)),
        "schema_version": 1,
        "organization_id": organization,
        "data": data,
    }
    try:
        return read(topic, json.dumps(value).encode())
    except Poison as error:
        path = error.detail.removeprefix("data.").removeprefix("filters: ")
        raise BadDefinition(path) from None


def _read_definitions(config: Settings, topic: Source) -> Definitions:
    """All definitions in the topic; those that are wrong are left out, as a member does it.

    Raises Unknown if there is no such topic, and Unavailable.
    """
    known, client = Definitions(), admin(config)
    bounds = log_bounds(client, [topic.topic])
    if not bounds:
        raise Unknown(f"no topic {topic.topic}: run `daybook topics apply`")
    for message in scan(config, bounds):
        try:
            known.take(read(topic, message.value() or b""), message.timestamp()[1])
        except (Ignored, Poison):
            continue
    return known


@segments.command("list")
def list_segments(
    organization: Organization = DEFAULT_ORGANIZATION, as_json_: JsonOption = False
) -> None:
    """List every version of an organization's segments, with its number of members.

    Members are those of the moment up to which everything is evaluated.
    """
    documents = database(settings())
    where = {"organization_id": organization}
    with reachable():
        stored = list(
            documents[AudienceSegments.collection]
            .find(where, {"_id": 0, "resolved": 0})
            .sort([("segment_id", 1), ("version", 1)])
        )
        groups = documents[SegmentMembers.collection].aggregate(
            [
                {"$match": where | {"in": True}},
                {
                    "$group": {
                        "_id": {"segment_id": "$segment_id", "version": "$version"},
                        "count": {"$sum": 1},
                    }
                },
            ]
        )
        counts = Counter(
            {(g["_id"]["segment_id"], g["_id"]["version"]): g["count"] for g in groups}
        )
    for one in stored:
        one["members"] = counts[one["segment_id"], one["version"]]
    if as_json_:
        print(as_json({"clock": _moment_until(documents, None), "segments": stored}))
        return
    rows = [
        (
            one["segment_id"],
            str(one["version"]),
            one["status"],
            one["name"],
            moment(one["defined_at"]),
            f"{one['members']:,}",
        )
        for one in stored
    ]
    headings = ("segment", "version", "status", "name", "defined", "members")
    console().print(table(headings, rows))
    print_line(f"evaluated up to {_moment_until(documents, None) or 'no moment yet'}")


@segments.command("members")
def list_members(
    segment: Annotated[str, typer.Argument(callback=_id, help="The segment's id.")],
    organization: Organization = DEFAULT_ORGANIZATION,
    version: VersionOption = None,
    at: AtOption = None,
    as_json_: JsonOption = False,
) -> None:
    """List the members of a segment, each with the moment at which they entered.

    With --at, the members of that moment, as far back as the profiles reach.

    Example: `daybook segments members carts --organization acme --at 2026-11-20T10:00:00Z`
    """
    config = settings()
    documents = database(config)
    found = find_version(documents, organization, segment, version)
    moment = _moment_until(documents, at)
    if at is None:
        members = list(_stored_members(documents, organization, segment, found.number))
    else:
        zone = config.zone_info()
        members = list(matching(documents, organization, found.resolved, zone, at))
    if as_json_:
        shown = [{"person": person, "since": _text(since)} for person, since in members]
        print(as_json({"at": moment, "version": found.number, "members": shown}))
        return
    rows = [(person, _text(since)) for person, since in members]
    console().print(table(("person", "since"), rows))
    number = number_of(len(members), "member")
    print_line(f"{number} of version {found.number} at {moment or 'no moment yet'}")


@segments.command("explain")
def explain_membership(
    segment: Annotated[str, typer.Argument(callback=_id, help="The segment's id.")],
    person: Annotated[str, typer.Argument(help="u:<user> or v:<visitor>")],
    organization: Organization = DEFAULT_ORGANIZATION,
    version: VersionOption = None,
    at: AtOption = None,
) -> None:
    """Explain why a person is a member or not: each condition, since when it is so, until when.

    Example: `daybook segments explain carts u:anna --organization acme`
    """
    config = settings()
    documents = database(config)
    found = find_version(documents, organization, segment, version)
    profile = find_profile(documents, organization, person)
    if profile["into"]:
        print_line(f"{person} is {profile['into']}: ask for that person")
        return
    moment = _moment_until(documents, at)
    if moment is None:
        raise Unknown("nothing is evaluated yet: run `daybook run segment`")
    explained = explain(found.resolved, profile, milliseconds(moment), config.zone_info())
    for depth, node in explained.lines():
        since = "" if node.since is None else f", since {_text(node.since)}"
        until = "" if node.until is None else f", until {_text(node.until)}"
        print_line(f"{'  ' * depth}{'yes' if node.value else 'no '}  {node.text}{since}{until}")
    print_line(f"{person} in version {found.number} at {moment}")
    if profile["truncated"]:
        facts = number_of(profile["truncated"], "fact")
        print_line(f"{facts} of this person had no room, and are not known here")


def _stored_members(
    documents: Documents, organization: str, segment: str, version: int
) -> Iterator[tuple[str, int]]:
    where = {"organization_id": organization, "segment_id": segment, "version": version}
    with reachable():
        rows = documents[SegmentMembers.collection].find(where | {"in": True}).sort("_id", 1)
        yield from ((row["person"], row["since"]) for row in rows)


def _moment_until(documents: Documents, at: int | None) -> str | None:
    """The moment that is asked for, by default the one up to which everything is evaluated.

    Raises Unknown for a later one.
    """
    clock = clock_of(documents)
    if at is None:
        return None if clock is None else _text(clock)
    if clock is None or at > clock:
        until = "nothing is evaluated yet" if clock is None else f"evaluated up to {_text(clock)}"
        raise Unknown(f"--at {_text(at)}: {until}")
    return _text(at)


def _text(at: int) -> str:
    return moment_text(_EPOCH + timedelta(milliseconds=at))
