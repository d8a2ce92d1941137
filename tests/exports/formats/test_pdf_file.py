"""A printed report: what stands together, what stands out, and how wide columns are."""

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


def made(path: Path, body: BaseModel, stream: Stream | None = None) -> bytes:
    asyncio.run(
        pdf_file.write(Content("Any", body, frozenset(), {}, stream), path, with_charts=False)
    )
    return path.read_bytes()


def rows(count: int, text: str = "row") -> list[Row]:
    return [Row(text=f"{text} {at}", number=at) for at in range(count)]


def pages(file: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(file)).pages]


def test_a_tables_name_is_on_the_page_of_its_first_rows(tmp_path: Path) -> None:
    """Wherever on a page the table before it ends."""
    turned = 0
    for count in range(24, 44):
        body = Lists(name="x", earlier=rows(count), later=rows(80, LAST_WORD * 3))
        found = pages(made(tmp_path / "made", body))
        [named] = [page for page in found if "later" in page.splitlines()]
        assert f"{LAST_WORD} 0" in named
        turned += "later" not in found[0]
    assert 0 < turned < 20, "some of them had to go to the next page, and some had not"


def test_a_table_that_is_longer_than_a_page_begins_where_there_is_room(tmp_path: Path) -> None:
    first, *more = pages(made(tmp_path / "made", Lists(name="x", earlier=[], later=rows(200))))
    assert "later" in first.splitlines()
    assert "row 0" in first
    assert all("number" in page for page in more), "its head is repeated"


def test_a_row_that_is_higher_than_a_page_is_printed(tmp_path: Path) -> None:
    body = Lists(name="x", earlier=[], later=[Row(text="word " * 9_000 + "last", number=1)] * 2)
    found = pages(made(tmp_path / "made", body))
    assert len(found) > 2
    assert "later" in found[0].splitlines()
    assert "last" in found[-1]


def test_the_head_of_a_table_has_a_colour_of_its_own(tmp_path: Path) -> None:
    """A table that is told downwards has no head."""
    downwards = made(tmp_path / "made", Three(first=1, second=2, third=3))
    headed = made(tmp_path / "made", Row(text="x", number=1))
    assert [blues(downwards), blues(headed)] == [0, 1]


def blues(file: bytes) -> int:
    found = 0
    for page in PdfReader(BytesIO(file)).pages:
        content = page.get_contents()
        assert content is not None
        found += content.get_data().count(BLUE)
    return found


def test_no_timestamp_is_broken_beside_what_visitors_tell(tmp_path: Path) -> None:
    async def events() -> AsyncIterator[BaseModel]:
        for at in range(3):
            yield EventRow(
                timestamp=TIMESTAMP,
                event_type="step_entry",
                funnel_id="checkout",
                visitor_id=f"v-{at}",
                user_id=None,
                session_id="0123456789abcdef0123456789abcdef",
                page_id="/shop/cart",
                step_id=None,
                metadata={"said": f"{LAST_WORD} " * 12},
            )

    body = Row(text="x", number=1)
    text = pdf_text(made(tmp_path / "made", body, Stream("events", EventRow, events())))
    assert text.count(TIMESTAMP) == 3
    assert text.count("0123456789abcdef0123456789abcdef") == 3


def widths(*columns: str) -> Sequence[float]:
    register()
    return widths_of([columns, [""] * len(columns)])


def test_columns_that_fit_are_as_wide_as_their_longest_text_in_proportion() -> None:
    narrow, wide = widths("a" * 10, "a" * 40)
    assert 3 < wide / narrow < 4
    assert round(narrow + wide, 6) == round(sum(widths("a", "b", "c")), 6)


def test_of_columns_that_do_not_fit_the_wide_ones_share_what_the_narrow_ones_leave() -> None:
    own = widths("a" * 10, "a" * 1_000, "b", "a" * 2_000)
    assert own[1] == own[3] > 300
    assert own[2] < own[0] < 50
    assert round(sum(own), 6) == round(sum(widths("a")), 6)
