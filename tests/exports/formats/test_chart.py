"""A chart's axis has whole steps for whole numbers, and its labels are printable and short."""

from xml.etree import ElementTree

import pytest
from reportlab.graphics import renderSVG

from daybook.exports.formats.chart import draw
from daybook.exports.formats.font import register
from daybook.exports.formats.series import Series


def words(*values: float, label: str = "", is_time: bool = False) -> list[str]:
    """The texts at the axes."""
    register()
    picture = draw(Series("Title", [label] * len(values), list(values), is_time))
    svg = ElementTree.fromstring(renderSVG.drawToString(picture))
    texts = [
        "".join(text.itertext()).strip() for text in svg.iter("{http://www.w3.org/2000/svg}text")
    ]
    return [text for text in texts if text not in ("", "Title")]


@pytest.mark.parametrize("is_time", [True, False])
@pytest.mark.parametrize(
    ("values", "axis"),
    [
        ([0, 0], ["0", "1"]),
        ([1, 0], ["0", "1"]),
        ([3, 2], ["0", "1", "2", "3"]),
        ([7, 1], ["0", "2", "4", "6", "8"]),
        ([26, 1], ["0", "5", "10", "15", "20", "25", "30"]),
        ([12_345], ["0", "5,000", "10,000", "15,000"]),
    ],
)
def test_an_axis_of_whole_numbers_has_whole_and_round_steps(
    values: list[float], axis: list[str], is_time: bool
) -> None:
    assert words(*values, is_time=is_time) == axis


def test_an_axis_of_fractions_has_decimals() -> None:
    assert any("." in word for word in words(0.1, 0.25))


def test_a_label_has_no_control_characters_and_is_cut_if_it_is_long() -> None:
    assert "ab" in words(1, label="a\x00b\n")
    assert f"{'a' * 21}…" in words(1, label="\x07" + "a" * 40)
