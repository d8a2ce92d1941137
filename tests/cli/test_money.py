"""Amounts in minor units are formatted by currency."""

import pytest

from daybook.cli.support.money import format_money


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
