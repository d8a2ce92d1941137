"""`daybook segments list`, `show`, `history` and `members`: what is known of segments."""

from collections.abc import Iterator, Mapping
from typing import Any

from daybook.cli.segments.options import (
    AtOption,
    JsonOption,
    Organization,
    SegmentArgument,
    VersionOption,
    moment_of,
    segments,
    text_of,
)
from daybook.cli.segments.profiles import find_version, matching
from daybook.cli.support.printing import as_json, console, moment, number_of, print_line, table
from daybook.engine.errors import Unknown
from daybook.engine.mongo.client import Documents, database, reachable
from daybook.engine.settings import settings
from daybook.segments.counts import BY_VERSION, IS_MEMBER, by_version
from models.segments import AudienceSegments, SegmentMembers
from schemas.envelope import DEFAULT_ORGANIZATION


@segments.command("list")
def list_segments(
    organization: Organization = DEFAULT_ORGANIZATION, as_json_: JsonOption = False
) -> None:
    """List the newest version of each segment, with its number of members.

    Members are those of the moment up to which everything is evaluated.
    """
    documents = database(settings())
    where = {"organization_id": organization, "status": {"$ne": "superseded"}}
    _print_versions(documents, _versions(documents, where), as_json_)


@segments.command("history")
def history_of_segment(
    segment: SegmentArgument,
    organization: Organization = DEFAULT_ORGANIZATION,
    as_json_: JsonOption = False,
) -> None:
    """List every version of a segment. An older one has the members that it had at its end."""
    documents = database(settings())
    found = _versions(documents, {"organization_id": organization, "segment_id": segment})
    if not found:
        raise Unknown(f"no segment {segment} of {organization}")
    _print_versions(documents, found, as_json_)


@segments.command("show")
def show_segment(
    segment: SegmentArgument,
    organization: Organization = DEFAULT_ORGANIZATION,
    version: VersionOption = None,
) -> None:
    """Show a version of a segment as JSON, with its filters."""
    documents = database(settings())
    found = find_version(documents, organization, segment, version)
    where = {"organization_id": organization, "segment_id": segment, "version": found.number}
    [shown] = _versions(documents, where)
    print(as_json(shown))


@segments.command("members")
def list_members(
    segment: SegmentArgument,
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
    until = text_of(moment_of(documents, at))
    if at is None:
        members = list(_stored_members(documents, organization, segment, found.number))
    else:
        zone = config.zone_info()
        members = list(matching(documents, organization, found.resolved, zone, at))
    if as_json_:
        shown = [{"person": person, "since": text_of(since)} for person, since in members]
        print(as_json({"at": until, "version": found.number, "members": shown}))
        return
    rows = [(person, text_of(since) or "") for person, since in members]
    console().print(table(("person", "since"), rows))
    number = number_of(len(members), "member")
    print_line(f"{number} of version {found.number} at {until or 'no moment yet'}")


def _versions(documents: Documents, where: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Versions of segments in their order, with their members as they are now."""
    of_same = {name: where[name] for name in ("organization_id", "segment_id") if name in where}
    with reachable():
        stored = list(
            documents[AudienceSegments.collection]
            .find(where, {"_id": 0, "organization_id": 0})
            .sort([("segment_id", 1), ("version", 1)])
        )
        members = {"$match": {**of_same, **IS_MEMBER}}
        found = documents[SegmentMembers.collection].aggregate([members, BY_VERSION])
        counts = by_version(found)
    for one in stored:
        one["members"] = counts.get((one["segment_id"], one["version"]), 0)
    return stored


def _print_versions(documents: Documents, stored: list[dict[str, Any]], as_json_: bool) -> None:
    clock = text_of(moment_of(documents, None))
    if as_json_:
        shown = [{n: v for n, v in one.items() if n != "resolved"} for one in stored]
        print(as_json({"clock": clock, "segments": shown}))
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
    print_line(f"evaluated up to {clock or 'no moment yet'}")


def _stored_members(
    documents: Documents, organization: str, segment: str, version: int
) -> Iterator[tuple[str, int]]:
    where = {"organization_id": organization, "segment_id": segment, "version": version}
    with reachable():
        rows = documents[SegmentMembers.collection].find({**where, **IS_MEMBER}).sort("_id", 1)
        yield from ((row["person"], row["since"]) for row in rows)
