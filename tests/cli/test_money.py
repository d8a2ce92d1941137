"""Minor units as people write them."""

import pytest

from daybook.cli.support.money import in_words


@pytest.mark.parametrize(
    ("minor_units", "currency", "words"),
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
def test_the_point_stands_where_the_currency_has_it(
    minor_units: int, currency: str, words: str
) -> None:
    assert in_words(minor_units, currency) == words
