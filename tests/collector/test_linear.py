"""Work grows with the size of what is sent, at most: texts are cut before any pattern sees them."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import pytest

from daybook.collector import body as bodies
from daybook.collector.acquisition import origin, url
from daybook.collector.acquisition.channel import Clues, channel
from daybook.collector.acquisition.known_sources import KnownSource, Sources
from daybook.collector.acquisition.origin import Origins
from daybook.collector.acquisition.url import PARAMETERS
from daybook.collector.body import LARGE_BYTES, VALUES_MAX, BodyMemory, parse
from daybook.collector.client.user_agent import CHARS_MAX, Agent, Agents
from daybook.collector.event import Invalid, check_type, envelope
from daybook.collector.response import Refusal
from tests.collector.test_arrival import NOW

LONG = 500_000


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("by", ["field", "url"])
def test_names_of_campaigns_are_cut_to_200_characters_first(
    monkeypatch: pytest.MonkeyPatch, name: str, by: str
) -> None:
    seen: list[Clues] = []

    def observed(clues: Clues) -> str:
        seen.append(clues)
        return channel(clues)

    monkeypatch.setattr(origin, "channel", observed)
    utm = ["shop" * LONG if by == "field" and tag == name else "" for tag in PARAMETERS]
    address = f"https://shop.example/?{name}={'shop' * LONG}" if by == "url" else ""
    Origins().read(address, "", "", *utm)
    (clues,) = seen
    texts = (clues.source, clues.utm_source, clues.medium, clues.campaign)
    assert max(map(len, texts)) <= 200


@pytest.mark.parametrize("index", range(3))
def test_addresses_are_cut_to_2000_characters_first(
    monkeypatch: pytest.MonkeyPatch, index: int
) -> None:
    seen: list[str] = []

    def observed(text: str) -> SplitResult:
        seen.append(text)
        return urlsplit(text)

    monkeypatch.setattr(url, "urlsplit", observed)
    texts = ["", "", ""]
    texts[index] = "https://a.example/" + "x" * LONG
    Origins().read(*texts, *("" for _ in PARAMETERS))
    assert max(map(len, seen)) <= 2_000


class Counted(dict[str, KnownSource]):
    """Counts the characters that are looked up."""

    characters = 0

    def get(self, name: str, default: Any = None) -> Any:
        self.characters += len(name)
        return super().get(name, default)


def test_a_host_of_a_thousand_labels_is_looked_up_by_its_last_few() -> None:
    sources = Sources()
    counted = [Counted(sources._domains), Counted(sources._any_country)]
    sources._domains, sources._any_country = counted
    host = ".".join(["a"] * 1_000)
    assert sources.by_host(host) is None
    assert sum(names.characters for names in counted) < 10 * len(host)


def test_a_user_agent_is_cut_to_512_characters_first(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    agents = Agents()

    def observed(text: str) -> Agent:
        seen.append(text)
        return Agent(None, None, None, ())

    monkeypatch.setattr(agents, "_read", observed)
    for number in range(3):
        agents.read("android" * LONG + str(number))
    assert [len(text) for text in seen] == [CHARS_MAX], "cut, they are the same"
    assert agents.is_cached("android" * LONG)


def _patterns() -> Iterator[str]:
    """Every pattern of the collector and of what services share, by its place."""
    root = Path(__file__).parents[2] / "daybook"
    for path in (*root.glob("collector/**/*.py"), *root.glob("service/*.py")):
        for found in re.finditer(r'r[b]?"((?:[^"\\]|\\.)*)"', path.read_text()):
            yield f"{path.relative_to(root)}: {found[1]}"


@pytest.mark.parametrize("pattern", sorted(set(_patterns())))
def test_no_pattern_tries_every_length_at_every_place(pattern: str) -> None:
    """`.*` within a pattern that is searched for, or two repetitions in a row, are quadratic."""
    assert ".*" not in pattern.partition(": ")[2].replace("x-forwarded-.*", "").replace(
        "x-original-.*", ""
    )


def test_an_object_that_is_too_large_is_refused_before_its_values_are_looked_at() -> None:
    class Untouchable(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("looked at in Python")

    visit = {"visitor_id": "v-1", "session_id": "s-1", "event_type": "page_view"}
    fields: Mapping[str, Any] = visit | {"metadata": Untouchable({"a": [[]] * 10_000})}
    assert check_type(fields, is_server=False) == "page_view"
    with pytest.raises(Invalid) as caught:
        envelope(fields, "page_view", "org-1", NOW, None)
    assert [error["field"] for error in caught.value.errors] == ["metadata"]


@pytest.mark.parametrize(
    ("body", "is_refused"),
    [
        (b"[" + b"0," * VALUES_MAX + b"0]", True),
        (b"[" + b"[]," * VALUES_MAX + b"[]]", True),
        (b'{"a": "' + b"," * VALUES_MAX + b'"}', False),
        (b'{"a": "\\\\", "b": [' + b"0," * VALUES_MAX + b"0]}", True),
        (b'{"a": "' + b'\\",[' * VALUES_MAX + b'"}', False),
        (b'"' + b'\\"' * VALUES_MAX * 5, False),
        (b'["\\\\\\"", ' + b"0," * VALUES_MAX + b"0]", True),
        (b'["\\\\\\",[", "' + b"," * VALUES_MAX + b'"]', False),
        (b"[" + b'"",' * VALUES_MAX * 5 + b'""]', True),
        (b"{" + b'"":"",' * VALUES_MAX * 3 + b'"":""}', True),
        (b"{" + b'"a":",",' * (VALUES_MAX - 1) + b'"a":","}', False),
    ],
    ids=[
        "numbers",
        "lists",
        "a text",
        "numbers after a text",
        "escapes",
        "no end",
        "numbers after an escape",
        "a text after an escape",
        "empty texts",
        "empty names",
        "as many texts as values",
    ],  # fmt: skip
)
def test_values_are_counted_before_any_is_made(
    monkeypatch: pytest.MonkeyPatch, body: bytes, is_refused: bool
) -> None:
    made: list[bytes] = []

    def observed(text: bytes, **_: object) -> object:
        made.append(text)
        return {"a": 1}

    monkeypatch.setattr(bodies, "from_json", observed)
    if is_refused:
        with pytest.raises(Refusal) as caught:
            parse(body)
        assert caught.value.status == 413
    else:
        parse(body)
    assert bool(made) is not is_refused


def test_hundreds_of_thousands_of_strings_are_refused_before_they_are_cut_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked_at: list[bytes] = []

    def observed(text: bytes) -> int:
        looked_at.append(text)
        return VALUES_MAX + 1

    monkeypatch.setattr(bodies, "_structure", observed)
    body = b"[" + b'"",' * VALUES_MAX * 5 + b'""]'
    with pytest.raises(Refusal):
        parse(body)
    assert looked_at == [body]


def test_a_batch_of_500_events_with_all_their_fields_is_within_the_bound() -> None:
    event = {f"field_{number}": "x" for number in range(60)} | {"metadata": {"a": [1] * 30}}
    assert len(parse(json.dumps([event] * 500).encode()).events) == 500


def test_large_bodies_share_a_bounded_memory_and_small_ones_are_not_refused() -> None:
    memory = BodyMemory(bytes_max=8 * LARGE_BYTES)
    with ExitStack() as stack:
        for number in range(4):
            stack.enter_context(memory.hold(f"large-{number}")).add(b"x" * 2 * LARGE_BYTES)
        with memory.hold("one more") as large, memory.hold("another") as small:
            large.add(b"x" * LARGE_BYTES)
            with pytest.raises(Refusal) as caught:
                large.add(b"x")
            assert caught.value.status == 503
            assert caught.value.headers["Connection"] == "close"
            small.add(b"x" * LARGE_BYTES)
    with memory.hold("large") as later:
        later.add(b"x" * 2 * LARGE_BYTES)


def test_one_caller_takes_no_more_than_a_quarter_of_it() -> None:
    memory = BodyMemory(bytes_max=8 * LARGE_BYTES)
    for _ in range(3):
        with memory.hold("crowd") as first, memory.hold("crowd") as second:
            first.add(b"x" * LARGE_BYTES)
            second.add(b"x" * LARGE_BYTES)
            with pytest.raises(Refusal):
                first.add(b"x")
            with memory.hold("other") as other:
                other.add(b"x" * 2 * LARGE_BYTES)
