"""The layout of PDF files: page breaks, table heads, column widths."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from io import BytesIO
from pathlib import Path

from pydantic import BaseModel
from pypdf import PdfReader

from daybook.exports.event_rows import EventRow
from daybook.exports.formats import pdf_file
from daybook.exports.formats.content import Content, Stream
from daybook.exports.formats.font import register
from daybook.exports.formats.pdf_table import widths_of
from daybook.query.figures.body import Body
from tests.exports.file_readers import pdf_text

BLUE = b".121569 .372549 .658824 rg"
TIMESTAMP = "2026-01-18T10:00:00.123456+01:00"
LAST_WORD = "the end of a long sentence"


class Row(Body):
    text: str
    number: int


class Lists(Body):
    name: str
    earlier: list[Row]
    later: list[Row]


class Three(Body):
    first: int
    second: int
    third: int


def write(path: Path, body: BaseModel, stream: Stream | None = None) -> bytes:
    asyncio.run(
        pdf_file.write(Content("Any", body, frozenset(), {}, stream), path, with_charts=False)
    )
    return path.read_bytes()


def rows(count: int, text: str = "row") -> list[Row]:
    return [Row(text=f"{text} {number}", number=number) for number in range(count)]


def pages(file: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(file)).pages]


def test_a_tables_name_is_on_the_page_of_its_first_rows(tmp_path: Path) -> None:
    """Wherever on a page the previous table ends."""
    on_next_page = 0
    for count in range(24, 44):
        body = Lists(name="x", earlier=rows(count), later=rows(80, LAST_WORD * 3))
        texts = pages(write(tmp_path / "file.pdf", body))
        [page_with_name] = [page for page in texts if "later" in page.splitlines()]
        assert f"{LAST_WORD} 0" in page_with_name
        on_next_page += "later" not in texts[0]
    assert 0 < on_next_page < 20, "both cases must occur"


def test_a_table_longer_than_a_page_begins_on_the_current_page(tmp_path: Path) -> None:
    first, *more = pages(write(tmp_path / "file.pdf", Lists(name="x", earlier=[], later=rows(200))))
    assert "later" in first.splitlines()
    assert "row 0" in first
    assert all("number" in page for page in more), "its head is repeated"


def test_a_row_higher_than_a_page_is_printed(tmp_path: Path) -> None:
    body = Lists(name="x", earlier=[], later=[Row(text="word " * 9_000 + "last", number=1)] * 2)
    texts = pages(write(tmp_path / "file.pdf", body))
    assert len(texts) > 2
    assert "later" in texts[0].splitlines()
    assert "last" in texts[-1]


def test_the_head_of_a_table_has_another_colour(tmp_path: Path) -> None:
    """A transposed table has no head."""
    transposed = write(tmp_path / "file.pdf", Three(first=1, second=2, third=3))
    headed = write(tmp_path / "file.pdf", Row(text="x", number=1))
    assert [count_blue(transposed), count_blue(headed)] == [0, 1]


def count_blue(file: bytes) -> int:
    count = 0
    for page in PdfReader(BytesIO(file)).pages:
        content = page.get_contents()
        assert content is not None
        count += content.get_data().count(BLUE)
    return count


def test_timestamps_and_ids_do_not_wrap_beside_long_metadata(tmp_path: Path) -> None:
    async def events() -> AsyncIterator[BaseModel]:
        for number in range(3):
            yield EventRow(
                timestamp=TIMESTAMP,
                event_type="step_entry",
                funnel_id="checkout",
                visitor_id=f"v-{number}",
                user_id=None,
                session_id="0123456789abcdef0123456789abcdef",
                page_id="/shop/cart",
                step_id=None,
                metadata={"said": f"{LAST_WORD} " * 12},
            )

    body = Row(text="x", number=1)
    text = pdf_text(write(tmp_path / "file.pdf", body, Stream("events", EventRow, events())))
    assert text.count(TIMESTAMP) == 3
    assert text.count("0123456789abcdef0123456789abcdef") == 3


def widths(*columns: str) -> Sequence[float]:
    register()
    return widths_of([columns, [""] * len(columns)])


def test_columns_that_fit_are_wide_in_proportion_to_their_longest_text() -> None:
    narrow, wide = widths("a" * 10, "a" * 40)
    assert 3 < wide / narrow < 4
    assert round(narrow + wide, 6) == round(sum(widths("a", "b", "c")), 6)


def test_if_columns_do_not_fit_the_wide_ones_share_the_rest_evenly() -> None:
    shares = widths("a" * 10, "a" * 1_000, "b", "a" * 2_000)
    assert shares[1] == shares[3] > 300
    assert shares[2] < shares[0] < 50
    assert round(sum(shares), 6) == round(sum(widths("a")), 6)
