"""Wide documents stay readable: columns that do not fit are printed below."""

from daybook.cli.show import blocks


def test_columns_that_fit_form_one_block() -> None:
    assert list(blocks(1, [10, 5, 5, 5], 31)) == [[1, 2, 3]]


def test_columns_that_do_not_fit_form_further_blocks() -> None:
    assert list(blocks(1, [10, 5, 5, 5], 30)) == [[1, 2], [3]]
    assert list(blocks(1, [10, 5, 5, 5], 17)) == [[1], [2], [3]]


def test_on_a_very_narrow_terminal_each_block_has_one_column() -> None:
    assert list(blocks(2, [10, 10, 5, 5], 5)) == [[2], [3]]
