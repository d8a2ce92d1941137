"""The duplicate window is a function of the log alone."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from daybook.engine.decode.duplicate_window import DuplicateWindow, own_id

ONE, TWO = b"1" * 16, b"2" * 16


def test_an_id_is_a_duplicate_within_the_window() -> None:
    window = DuplicateWindow(5)
    assert not window.check_and_add(ONE, 10)
    assert window.check_and_add(ONE, 15)
    assert not window.check_and_add(ONE, 21)


def test_a_duplicate_extends_the_window() -> None:
    window = DuplicateWindow(5)
    assert [window.check_and_add(ONE, at) for at in (0, 4, 8, 12)] == [False, True, True, True]


def test_an_id_may_be_in_upper_or_lower_case() -> None:
    upper, lower = "ABCDEF00-0000-4000-8000-00000000000A", "abcdef00-0000-4000-8000-00000000000a"
    assert own_id({"event_id": upper}) == own_id({"event_id": lower})


def test_another_text_than_a_uuid_is_hashed_as_it_is() -> None:
    texts = [
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "01arz3ndektsv4rrffq69g5fav",
        "Zählung 2026/17",
        "abcdef00-0000-4000-8000-00000000000g",
        "abcdef0-00000-4000-8000-00000000000a",
        "abcdef0000004000800000000000000a",
        "-" * 36,
    ]
    ids = [own_id({"event_id": text}) for text in texts]
    assert ids == [sha256(text.encode()).digest()[:16] for text in texts]


def test_an_id_of_another_organization_is_another_id() -> None:
    event = {"event_id": "abcdef00-0000-4000-8000-00000000000a"}
    acme, other = event | {"organization_id": "acme"}, event | {"organization_id": "other"}
    assert len({own_id(event), own_id(acme), own_id(other)}) == 3
    assert own_id(event) == own_id(event | {"organization_id": "default"})


def test_memory_is_bounded_by_the_window() -> None:
    window = DuplicateWindow(1_000)
    for offset in range(20_000):
        window.check_and_add(offset.to_bytes(16, "big"), offset)
    assert len(window) <= 2_300


@given(st.lists(st.integers(0, 9), max_size=60), st.integers(0, 60))
def test_rereading_one_window_length_rebuilds_the_window(ids: list[int], start: int) -> None:
    size = 7
    original, rebuilt = DuplicateWindow(size), DuplicateWindow(size)
    expected = [original.check_and_add(bytes([i] * 16), at) for at, i in enumerate(ids)]
    begin = max(0, start - size)
    repeated = [
        rebuilt.check_and_add(bytes([i] * 16), at) for at, i in enumerate(ids[begin:], begin)
    ]
    assert repeated[start - begin :] == expected[start:]
