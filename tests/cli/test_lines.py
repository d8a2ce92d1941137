"""A file is read line by line in bounded memory."""

import io
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from daybook.cli.support.lines import LINE_BYTES_MAX, fingerprint, lines, opened
from daybook.engine.errors import DaybookError


def read(content: bytes) -> list[tuple[int, bytes]]:
    return list(lines(io.BytesIO(content)))


def test_lines_are_numbered_and_have_no_line_feed() -> None:
    assert read(b"a\nb\n") == [(1, b"a"), (2, b"b")]
    assert read(b"a\nb") == [(1, b"a"), (2, b"b")]
    assert read(b"") == []


def test_blank_lines_are_counted_and_left_out() -> None:
    assert read(b"\n  \t\r\na\r\n\n") == [(3, b"a\r")]


@pytest.mark.parametrize("first", [b"a", b"x" * (LINE_BYTES_MAX - 1), b"", b"\xef\xbb\xbfb"])
def test_a_byte_order_mark_at_the_start_is_passed_over(first: bytes) -> None:
    content = first + b"\n" + BOM_UTF8 + b"next\n"
    assert read(BOM_UTF8 + content) == [
        *([(1, first)] if first else []),
        (2, BOM_UTF8 + b"next"),
    ]
    assert read(BOM_UTF8) == []


@pytest.mark.parametrize("end", [b"\nnext\n", b"\nnext"])
def test_a_line_too_long_for_a_message_is_cut(end: bytes) -> None:
    (first, long), (second, following) = read(b"x" * (3 * LINE_BYTES_MAX) + end)
    assert (first, len(long)) == (1, LINE_BYTES_MAX)
    assert (second, following) == (2, b"next")


def test_a_line_of_the_maximum_length_is_not_cut() -> None:
    (line,) = read(b"x" * (LINE_BYTES_MAX - 1) + b"\n")
    assert line == (1, b"x" * (LINE_BYTES_MAX - 1))


def test_progress_is_reported_in_bytes() -> None:
    reports: list[int] = []
    content = b"12345678\n" * 12_000
    assert len(list(lines(io.BytesIO(content), reports.append))) == 12_000
    assert reports == [45_000, 90_000]


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_the_error_names_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    path = str(tmp_path / name)
    with pytest.raises(DaybookError, match=name), opened(path, rewindable=True):
        raise AssertionError("opened")


def test_the_fingerprint_changes_when_the_file_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(b"a\n")
    with opened(str(path), rewindable=True) as file:
        before = fingerprint(file)
        assert fingerprint(file) == before
        with path.open("ab") as more:
            more.write(b"b\n")
        assert fingerprint(file) != before
