"""The clickstream of a made-up shop that ships with retentioneering: half a year, 600 users."""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from daybook.engine.errors import DaybookError
from daybook.local.cache import Say
from daybook.local.wheel import Wheel

WHEEL = Wheel(
    release="retentioneering-5.2.4",
    project="retentioneering",
    version="5.2.4",
    sha256="f4ab91b67c6deed93728bfb6e503adfe304f101a53e9112ee0219b304b0f3b1a",
    tags=(),
    member="retentioneering/datasets/ecom.csv.gz",
    size_mb=1,
)
"""The package carries the data; only that is read, and nothing of it is installed or run."""

SHA256 = "110716838facbec8143c6c9af74500eb0252197da212fd75aa4c47bf3b692090"


class Click(NamedTuple):
    """One line; `at` is taken as UTC."""

    user: str
    session: str
    what: str
    at: datetime
    platform: str
    channel: str


class Totals(NamedTuple):
    clicks: int
    users: int
    sessions: int
    purchases: int

    def __str__(self) -> str:
        return (
            f"{self.clicks:,} clicks of {self.users:,} users in {self.sessions:,} sessions, "
            f"{self.purchases:,} purchases"
        )


PUBLISHED = Totals(31_106, 600, 3_605, 470)
"""What the file holds."""


def fetch(say: Say) -> list[Click]:
    """The clicks, from the user's cache or by pip.

    Raises ServerError when pip cannot have them, and DaybookError for a file that is another.
    """
    return read(WHEEL.fetch(say))


def read(path: Path) -> list[Click]:
    """The clicks of a file with the published digest. Raises DaybookError for any other."""
    raw = path.read_bytes()
    if hashlib.sha256(raw).hexdigest() != SHA256:
        raise DaybookError(f"{path} is not the clickstream as published: remove it and try again")
    return parse(gzip.decompress(raw).decode("ascii"))


def parse(text: str) -> list[Click]:
    """The clicks of a text, in its order. Raises DaybookError naming the line that is none."""
    rows = csv.DictReader(io.StringIO(text))
    return [_click(number, row) for number, row in enumerate(rows, start=2)]


def totals(clicks: Iterable[Click]) -> Totals:
    counted = list(clicks)
    return Totals(
        len(counted),
        len({click.user for click in counted}),
        len({click.session for click in counted}),
        sum(click.what == "purchase" for click in counted),
    )


def _click(number: int, row: dict[str, str]) -> Click:
    try:
        return Click(
            row["user_id"],
            row["session_id"],
            row["event"],
            datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC),
            row["platform"],
            row["acquisition_channel"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DaybookError(f"the clickstream's line {number} is no click: {error}") from None
