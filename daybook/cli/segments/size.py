"""`daybook segments size`: how many people match, before a segment is defined or of one that is."""

from pathlib import Path
from typing import Annotated

import typer

from daybook.cli.segments.define import resolved_of
from daybook.cli.segments.options import (
    AtOption,
    JsonOption,
    Organization,
    VersionOption,
    moment_of,
    segments,
    text_of,
)
from daybook.cli.segments.profiles import find_version, number_of_people
from daybook.cli.support.printing import as_json, number_of, print_line
from daybook.engine.errors import Unknown
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.query.segments.estimate import estimated, sample_of
from daybook.segments.filters.expression import expression
from schemas.envelope import DEFAULT_ORGANIZATION


@segments.command("size")
def size_of_segment(
    segment: Annotated[
        str, typer.Argument(help="The segment's id, or a file as for `define`: not yet defined.")
    ],
    organization: Organization = DEFAULT_ORGANIZATION,
    version: VersionOption = None,
    at: AtOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Tell how many people match, by their facts at a moment.

    Up to 20,000 people of the organization are counted. Of more, a sample of about 10,000 is
    examined, and the number is an estimate with its 95 % interval.

    Example: `daybook segments size carts.json --organization acme`
    """
    config = settings()
    documents = database(config)
    is_file = Path(segment).is_file()
    resolved = (
        resolved_of(config, Path(segment), organization)
        if is_file
        else find_version(documents, organization, segment, version).resolved
    )
    moment = moment_of(documents, at)
    if moment is None:
        raise Unknown("nothing is evaluated yet: run `daybook run segment`")
    people = number_of_people(documents, organization, {})
    within = sample_of(people)
    examined = number_of_people(documents, organization, within) if within else people
    matches = within | {"$expr": expression(resolved, config.zone_info(), moment)}
    found = estimated(people, examined, number_of_people(documents, organization, matches))
    if as_json_:
        print(as_json(found._asdict() | {"at": text_of(moment), "method": found.method}))
        return
    interval = f", between {found.low:,} and {found.high:,}" if found.is_sample else ""
    of_all = number_of(found.people, "person", "people")
    print_line(f"{found.matching:,} of {of_all}{interval}, at {text_of(moment)} ({found.method})")
