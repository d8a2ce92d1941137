"""Wide documents stay readable: columns that do not fit stand below."""

from daybook.cli.show import blocks


def test_all_columns_that_fit_stand_beside_each_other() -> None:
    assert list(blocks(1, [10, 5, 5, 5], 31)) == [[1, 2, 3]]


def test_what_does_not_fit_stands_below_beside_the_date() -> None:
    assert list(blocks(1, [10, 5, 5, 5], 30)) == [[1, 2], [3]]
    assert list(blocks(1, [10, 5, 5, 5], 17)) == [[1], [2], [3]]


def test_a_terminal_too_narrow_for_anything_gets_one_column_at_a_time() -> None:
    assert list(blocks(2, [10, 10, 5, 5], 5)) == [[2], [3]]
