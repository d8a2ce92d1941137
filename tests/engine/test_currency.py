"""The currency codes decide what is a dead letter, so no update may change them unnoticed."""

import hashlib
import re

import pytest

from daybook.engine.currency import CODES, amount, digits, format_money

OF_REVISION_2 = "62185bf8d74197e249d7a609a697f81820def9ca894cc3e9121c82497358f453"


def test_the_codes_are_those_of_the_schemas_revision() -> None:
    found = hashlib.sha256(" ".join(sorted(CODES)).encode()).hexdigest()
    assert found == OF_REVISION_2, (
        "iso4217 has other codes now: raise REVISION in schemas/__init__.py, and put the digest "
        "of the new codes here"
    )


def test_a_code_is_three_capitals() -> None:
    assert len(CODES) == 178
    assert all(re.fullmatch("[A-Z]{3}", code) for code in CODES)
    assert {"EUR", "USD", "XXX"} <= CODES


@pytest.mark.parametrize(
    ("code", "places"),
    [("EUR", 2), ("HUF", 2), ("IQD", 3), ("JPY", 0), ("CLF", 4), ("XAU", 2), ("XXX", 2), (None, 2)],
)
def test_an_amount_has_the_decimals_of_iso_4217(code: str | None, places: int) -> None:
    """Browsers show forints and Iraqi dinars without decimals, although amounts have them."""
    assert digits(code) == places


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (25_000_000, "IQD", "IQD 25,000.000"),
        (499_000, "HUF", "HUF 4,990.00"),
        (-5, "EUR", "EUR -0.05"),
        (1_234, "JPY", "JPY 1,234"),
        (10**17 + 1, "EUR", "EUR 1,000,000,000,000,000.01"),
    ],
)
def test_an_amount_is_written_exactly(minor: int, code: str, text: str) -> None:
    assert amount(minor, code) == text


@pytest.mark.parametrize(
    ("minor_units", "currency", "formatted"),
    [
        (0, "USD", "0.00"),
        (5, "EUR", "0.05"),
        (-5, "EUR", "-0.05"),
        (250_031_563, "USD", "2,500,315.63"),
        (1_234, "JPY", "1,234"),
        (1_234, "KWD", "1.234"),
        (-12_345, "CLF", "-1.2345"),
    ],
)
def test_amounts_have_as_many_decimals_as_their_currency(
    minor_units: int, currency: str, formatted: str
) -> None:
    assert format_money(minor_units, currency) == formatted
