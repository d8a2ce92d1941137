"""The currencies of ISO 4217: for settings, for the schema of events, and to show amounts."""

from decimal import Decimal
from functools import cache

from iso4217 import Currency

CODES = frozenset(currency.code for currency in Currency)

_DIGITS_IF_NONE = 2


@cache
def digits(code: str | None) -> int:
    """How many decimals an amount in this currency has.

    Codes without a minor unit in ISO 4217, such as gold or XXX, have two, like no currency.
    """
    exponent = Currency(code).exponent if code in CODES else None
    return _DIGITS_IF_NONE if exponent is None else exponent


def format_money(minor: int, code: str) -> str:
    """An amount in minor units: `-123456` of USD is `-1,234.56`."""
    places = digits(code)
    return f"{Decimal(minor).scaleb(-places):,.{places}f}"


def amount(minor: int, code: str) -> str:
    """The same with the currency, such as `IQD 25,000.000`."""
    return f"{code} {format_money(minor, code)}"
