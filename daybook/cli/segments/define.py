"""`daybook segments define`, `retire` and `pin`: what is published about segments."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from daybook.cli.segments.options import Organization, SegmentArgument, checked_id, segments
from daybook.cli.support.printing import print_line
from daybook.engine.decode.parse import Ignored, read
from daybook.engine.documents.source import Source
from daybook.engine.errors import DaybookError, Poison, Unknown
from daybook.engine.kafka.admin import log_bounds
from daybook.engine.kafka.clients import admin, producer
from daybook.engine.kafka.feed_producer import FeedProducer
from daybook.engine.kafka.scan import scan
from daybook.engine.settings import Settings, settings
from daybook.segments.definitions import Definitions
from schemas.catalogue import source
from schemas.envelope import DEFAULT_ORGANIZATION, moment_text

TOPIC = "sc.analytics.segments"
_FIELDS = frozenset({"segment_id", "name", "filters"})


class BadDefinition(DaybookError):
    """A definition is refused; the message names the path of what is wrong."""

    exit_code = 2


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
    segment: SegmentArgument,
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
    campaign: Annotated[str, typer.Argument(callback=checked_id, help="The campaign's id.")],
    segment: SegmentArgument,
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


def resolved_of(config: Settings, file: Path, organization: str) -> dict[str, Any]:
    """The filters of a file as a definition would resolve them. Raises BadDefinition."""
    given, topic = _read_file(file), source(TOPIC)
    known = _read_definitions(config, topic)
    segment = known.segment(organization, given["segment_id"])
    version = segment.versions[-1].number + 1 if segment else 1
    _take(known, _event(topic, "segment.defined", given | {"version": version}, organization))
    defined = known.segment(organization, given["segment_id"])
    assert defined is not None
    return dict(defined.versions[-1].resolved)


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
