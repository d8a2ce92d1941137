"""`daybook segments explain`: why a person is a member or not."""

from typing import Annotated

import typer

from daybook.cli.segments.options import (
    AtOption,
    Organization,
    SegmentArgument,
    VersionOption,
    moment_of,
    segments,
    text_of,
)
from daybook.cli.segments.profiles import find_profile, find_version
from daybook.cli.support.printing import number_of, print_line
from daybook.engine.errors import Unknown
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.segments.filters.explain import explain
from schemas.envelope import DEFAULT_ORGANIZATION


@segments.command("explain")
def explain_membership(
    segment: SegmentArgument,
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
    moment = moment_of(documents, at)
    if moment is None:
        raise Unknown("nothing is evaluated yet: run `daybook run segment`")
    explained = explain(found.resolved, profile, moment, config.zone_info())
    for depth, node in explained.lines():
        since = "" if node.since is None else f", since {text_of(node.since)}"
        until = "" if node.until is None else f", until {text_of(node.until)}"
        print_line(f"{'  ' * depth}{'yes' if node.value else 'no '}  {node.text}{since}{until}")
    print_line(f"{person} in version {found.number} at {text_of(moment)}")
    if profile["truncated"]:
        facts = number_of(profile["truncated"], "fact")
        print_line(f"{facts} of this person had no room, and are not known here")
