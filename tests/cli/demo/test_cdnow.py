"""The CDNOW file is read exactly, or refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from daybook.cli.demo.cdnow import PUBLISHED, Purchase, Totals, cents_of, parse, read, totals
from daybook.engine.errors import DaybookError

TEXT = (
    " customer_id  date number_of_cds  dollar_value\r\n"
    " 00001 19970101  1   11.77\r\n"
    " 00002 19970112  5   77.00\r\n"
    " 00002 19970112  1    0.00\r\n"
    " 00002 19980630  1 1286.01\r\n"
)


def test_a_line_is_a_purchase() -> None:
    assert parse(TEXT)[0] == Purchase("00001", datetime(1997, 1, 1, tzinfo=UTC), 1177)


def test_totals_include_purchases_of_zero_cents() -> None:
    assert totals(parse(TEXT)) == Totals(purchases=4, cents=137_478, customers=2)


def test_dollars_become_cents_exactly() -> None:
    for cents in range(200_000):
        assert cents_of(f"{cents // 100}.{cents % 100:02}") == cents


@pytest.mark.parametrize("dollars", ["11.775", "1e-3", "-1.00", "NaN", "Infinity", "", "12,00"])
def test_an_amount_that_is_not_whole_cents_is_refused(dollars: str) -> None:
    with pytest.raises(ValueError, match="is not an amount"):
        cents_of(dollars)


@pytest.mark.parametrize("line", ["00001 19970101 1", "00001 19970231 1 1.00", "1 2 3 4 5", ""])
def test_the_error_names_the_line_that_is_not_a_purchase(line: str) -> None:
    with pytest.raises(DaybookError, match="line 3 of CDNOW is not a purchase"):
        parse(f"headings\n00001 19970101 1 1.00\n{line}\n")


def test_a_file_with_another_digest_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "CDNOW_master.txt"
    path.write_text(TEXT)
    with pytest.raises(DaybookError, match="is not the published CDNOW file"):
        read(path)


def test_totals_are_printed_as_a_sentence() -> None:
    sentence = "69,659 purchases, 250,031,563 cents (2,500,315.63), 23,570 customers"
    assert str(PUBLISHED) == sentence
