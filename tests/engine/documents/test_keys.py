"""Arbitrary names never change a document's structure."""

import pytest

from daybook.engine.documents.keys import encode_key, encode_part


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("plain-key", "plain-key"),
        ("a.b", "a%2Eb"),
        ("$set", "%24set"),
        ("a:b%c", "a%3Ab%25c"),
        ("nul\0", "nul%00"),
        ("größe", "größe"),
    ],
)
def test_characters_with_a_meaning_to_mongodb_are_encoded(text: str, encoded: str) -> None:
    assert encode_part(text) == encoded
    assert encode_key(text) == encoded


@pytest.mark.parametrize("word", ["other", "unattributed", "direct", "exit"])
def test_a_users_own_key_is_never_a_reserved_word(word: str) -> None:
    assert encode_key(word) == f"%{ord(word[0]):02X}{word[1:]}"
    assert encode_part(word) == word


def test_an_empty_key_becomes_a_valid_path() -> None:
    assert encode_key("") == "%"


def test_a_long_key_keeps_its_beginning_and_stays_unique() -> None:
    long, longer = "k" * 200, "k" * 201
    assert encode_key(long) == long
    assert encode_key(longer)[:151] == "k" * 150 + "~"
    assert len(encode_key(longer)) == 167
    assert encode_key(longer) != encode_key("k" * 202)


def test_a_long_key_is_cut_between_characters() -> None:
    cut = encode_key("x" + "ü" * 127)
    head, _, digest = cut.partition("~")
    assert head == "x" + "ü" * 74
    assert len(digest) == 16
