"""States that are found equal at first sight are equal in every field, value and type."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bson
import duckdb
import pytest
from bson import Int64

from daybook.recount.compare import equal, stored
from daybook.recount.compare.coverage import Coverage
from daybook.recount.compare.parts import number_of_parts, part_of
from daybook.recount.compare.rows import single_row
from daybook.recount.log.topic import Topic
from daybook.recount.progress import Gap, Progress
from daybook.recount.recounted import Marks
from daybook.recount.replay.log_table import SLICE
from daybook.recount.replay.model import Field, Model

FIELDS = ("number", "texts", "event_ids", "inner")
MODEL = Model("rows", {name: Field(name, "state", None, None, 1) for name in FIELDS})
EXPECTED: dict[str, Any] = {
    "number": 7,
    "texts": ["a", "b"],
    "event_ids": ["00" * 16],
    "inner": {"a": 1, "b": {"c": True}},
}
STORED = EXPECTED | {"event_ids": [bytes(16)]}
BOOKKEEPING = {"applied": {"now": {"0": Int64(9)}}, "model": 1}


def document(name: object = "o:a", **changes: Any) -> dict[str, Any]:
    own = {"_daybook": BOOKKEEPING, "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
    return {"_id": name} | STORED | own | changes


def coverage(end: int = 10, gaps: tuple[Gap, ...] = ()) -> Coverage:
    topic = Topic("t", "now", {0: 0}, {0: end})
    return Coverage(topic, Progress({}, {}), gaps, {}, 100, needs_start=True)


def others(
    folder: Path,
    documents: list[dict[str, Any]],
    expected: dict[str, Any],
    version_min: int = 0,
    covers: Coverage | None = None,
) -> tuple[int, set[str]]:
    states, lines = folder / "states.bson", folder / "lines.json"
    states.write_bytes(b"".join(map(bson.encode, documents)))
    lines.write_text("".join(json.dumps(row) + "\n" for row in expected.items()))
    covers = covers or coverage()
    return equal.others(equal.Part(MODEL, 0, version_min, covers, single_row, states, (lines,)))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"number": Int64(7)},
        {"inner": {"b": {"c": True}, "a": Int64(1)}},
        {"updated_at": None},
    ],
)
def test_the_order_of_fields_and_the_width_of_numbers_do_not_matter(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert others(tmp_path, [document(**changes)], {"o:a": EXPECTED}) == (1, set())


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 7.0},
        {"number": "7"},
        {"number": True},
        {"texts": ["b", "a"]},
        {"texts": ["a"]},
        {"event_ids": ["00" * 15]},
        {"inner": {"a": 1, "b": {"c": 1}}},
        {"inner": {"a": 1, "b": {"c": True}, "d": None}},
        {"more": None},
    ],
)
def test_any_other_difference_does(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert others(tmp_path, [document(**changes)], {"o:a": EXPECTED}) == (0, {"o:a"})


def test_bookkeeping_may_stand_between_the_fields(tmp_path: Path) -> None:
    """As in a state that got a field later, and in one whose order is nobody's."""
    own = {"_daybook": BOOKKEEPING, "updated_at": datetime(2026, 1, 1, tzinfo=UTC)}
    first = dict(list(STORED.items())[:2])
    apart = {"_daybook": BOOKKEEPING} | STORED | own
    documents = [{"_id": f"o:{n}"} | state for n, state in enumerate([first | own | STORED, apart])]
    expected = {one["_id"]: EXPECTED for one in documents}
    assert others(tmp_path, documents, expected) == (2, set())
    for one in documents:
        one["texts"] = ["a"]
    assert others(tmp_path, documents, expected) == (0, {"o:0", "o:1"})


def test_a_missing_field_does(tmp_path: Path) -> None:
    less = {name: value for name, value in document().items() if name != "texts"}
    assert others(tmp_path, [less], {"o:a": EXPECTED}) == (0, {"o:a"})


def test_states_on_one_side_alone_are_others(tmp_path: Path) -> None:
    documents = [document("o:a"), document("o:b")]
    assert others(tmp_path, documents, {"o:b": EXPECTED, "o:c": EXPECTED}) == (1, {"o:a", "o:c"})


def test_so_are_those_in_doubt_or_of_an_older_version(tmp_path: Path) -> None:
    one, expected = [document()], {"o:a": EXPECTED}
    gap = Gap("t", "now", 0, 3, 4)
    assert others(tmp_path, one, expected, covers=coverage(end=9))[0] == 0
    assert others(tmp_path, one, expected, covers=coverage(gaps=(gap,)))[0] == 0
    assert others(tmp_path, one, expected, version_min=1)[0] == 1
    assert others(tmp_path, one, expected, version_min=2)[0] == 0


def test_a_number_that_no_document_can_have_is_a_difference(tmp_path: Path) -> None:
    assert others(tmp_path, [document()], {"o:a": EXPECTED | {"number": 10**30}})[0] == 0


def test_documents_whose_id_is_no_text_are_not_daybooks(tmp_path: Path) -> None:
    assert others(tmp_path, [document(5), document()], {"o:a": EXPECTED}) == (1, set())


@pytest.mark.parametrize(
    ("reach", "ahead"),
    [({("now", 0): 9}, []), ({("now", 0): 8}, [("o:a", {("now", 0): 9})]), ({}, None)],
)
def test_states_that_are_ahead_are_found(tmp_path: Path, reach: Marks, ahead: Any) -> None:
    path = tmp_path / "states.bson"
    path.write_bytes(bson.encode(document()) + bson.encode(document("o:b", _daybook=3)))
    found = stored.search(stored.Search(path, reach, ""))
    assert found.ahead == ([("o:a", {("now", 0): 9})] if ahead is None else ahead)


def test_a_clients_field_of_the_same_name_is_no_bookkeeping(tmp_path: Path) -> None:
    path = tmp_path / "states.bson"
    theirs = {"_daybook": {"applied": {"now": {"0": Int64(99)}}}}
    path.write_bytes(bson.encode(document(inner=theirs)))
    assert stored.search(stored.Search(path, {}, "")).ahead == [("o:a", {("now", 0): 9})]


@pytest.mark.parametrize("key", ["plain", "a:b", "100%", "%3A", "Ünïcode", "$.x", ""])
def test_a_states_part_is_that_of_its_key_in_sql(key: str) -> None:
    encoded = key
    for letter in "%:.$":
        encoded = encoded.replace(letter, f"%{ord(letter):02X}")
    query = f"SELECT {SLICE.format(number=34)} FROM (SELECT ? AS message_key)"
    [(part,)] = duckdb.execute(query, [key]).fetchall()
    for document_id in (f"org:{encoded}", f"org:{encoded}:session:funnel"):
        assert part_of(document_id.encode(), 34) == part


def test_a_small_log_is_one_part_and_a_large_one_has_few() -> None:
    assert [number_of_parts(n) for n in (0, 60_000, 60_001, 10**9)] == [1, 1, 2, 64]
