"""Printed text cannot control the terminal, and stored values are printed as JSON."""

import json
from datetime import UTC, datetime

import pytest
from bson import Decimal128, Int64

from daybook.cli.support.printing import as_json, moment, printable

AT = datetime(2026, 11, 20, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[bold] ünïcode", "[bold] ünïcode"),
        ("a\x1b[2Jb\x07", "a\\x1b[2Jb\\x07"),
        ("two\nlines", "two\nlines"),
        ("\u202eright to left", "\\u202eright to left"),
    ],
)
def test_control_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_bson_values_are_printed_as_json() -> None:
    stored = {"n": Int64(7), "at": AT, "id": b"\x01\xff", "big": Decimal128("12"), "none": None}
    assert json.loads(as_json(stored)) == {
        "n": 7,
        "at": "2026-11-20T10:00:00Z",
        "id": "01ff",
        "big": "12",
        "none": None,
    }
    with pytest.raises(TypeError, match="object cannot be serialized"):
        as_json(object())


def test_times_are_printed_in_utc() -> None:
    assert moment(AT) == "2026-11-20 10:00:00Z"
    assert moment(None) == ""
