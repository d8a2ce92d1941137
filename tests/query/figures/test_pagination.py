"""A cursor is the text of a page before, and any other text is refused."""

import base64
import json
from datetime import UTC, datetime

import bson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.query.figures.pagination import (
    Cursor,
    parse_cursor,
    parse_id_cursor,
    render_cursor,
    render_id_cursor,
)
from daybook.query.problem import Problem


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


@given(st.integers(0, 4 * 10**12), st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_is_read_as_it_was_made(at_ms: int, name: str) -> None:
    moment = datetime.fromtimestamp(at_ms / 1_000, UTC)
    assert parse_cursor(render_cursor(Cursor(moment, name))) == Cursor(moment, name)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_cursor_of_an_id_is_read_as_it_was_made(name: str) -> None:
    assert parse_id_cursor(render_id_cursor(name)) == name


STRANGE = [
    b"", b"[]", b"{}", b"null", b"5", b'"ab"', b"[1]", b'[1,"a",2]', b'["1","a"]', b"[1,2]",
    b'[1.5,"a"]', b'[true,"a"]', b'[null,"a"]', b'[1e400,"a"]', b'[NaN,"a"]', b'[-Infinity,"a"]',
    b"[1" + b"0" * 400 + b',"a"]', b"[1" + b"0" * 5_000 + b',"a"]', b'[1000000000000000000,"a"]',
    b'[-99999999999999,"a"]', b'[1,"\\ud800"]', b'[1,"\\udfff\\ud800"]', b'[1,{"$gt":""}]',
    b'[{"$gt":""},"a"]', b'[1,["a"]]', b"\xff\xfe", b"\x00", b"[" * 1_500, b'{"a":1,"b":2}',
]  # fmt: skip


@pytest.mark.parametrize("raw", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_cursor_is_refused(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse_cursor(encoded(raw))
    assert refused.value.status == 422


@pytest.mark.parametrize("raw", [*STRANGE, b'["\\ud800"]', b'[["a"]]', b'["a","b"]', b'"a"'])
def test_a_strange_cursor_of_an_id_is_refused(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse_id_cursor(encoded(raw))
    assert refused.value.status == 422


def is_refused_or_understood(text: str) -> bool:
    """Whether MongoDB would understand the cursor, if it is one."""
    try:
        cursor = parse_cursor(text)
    except Problem as problem:
        return problem.status == 422
    return bool(bson.encode({"at": cursor.started_at, "id": cursor.id}))


@given(st.text(max_size=100) | st.binary(max_size=100).map(encoded))
def test_any_text_is_refused_or_a_place_that_mongodb_understands(text: str) -> None:
    assert is_refused_or_understood(text)


@given(st.integers(-(2**63), 2**63), st.text(st.characters(), max_size=20))
def test_any_place_is_refused_or_one_that_mongodb_understands(at_ms: int, name: str) -> None:
    assert is_refused_or_understood(encoded(json.dumps([at_ms, name]).encode()))
