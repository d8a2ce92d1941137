"""The fast path gives the same batches as the decoder's checks one by one."""

import json
from collections.abc import Sequence
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from consumers import order_funnel, user_lifecycle
from daybook.engine.batch import Batch
from daybook.engine.decode.decoder import Decoder
from daybook.engine.decode.duplicate_window import DuplicateWindow
from daybook.engine.decode.fast_path import RUN_MESSAGES, FastPath
from daybook.engine.documents.calendar import Calendar
from daybook.engine.group import Group
from daybook.engine.partition import Partition
from tests.support.log import LogMessage
from tests.support.runner import RULES
from tests.support.shop import Shop

ARRIVED_MS = 1_795_262_400_000  # 2026-11-21T12:00:00Z
ODD: tuple[bytes | None, ...] = (None, b"{", b"[]", b'{"event_type": "order.sung"}', b"\xff")


def decode(messages: Sequence[LogMessage], start: int, dead: Sequence[int]) -> list[Batch]:
    """Decodes two batches, so that the window after the first one matters to the second."""
    group: Group = order_funnel.GROUP
    here = Partition("sc.domain.order", "topic-id", 0)
    recorded = dict.fromkeys(dead, ("invalid", "as recorded before"))
    window = DuplicateWindow(150)
    decoder = Decoder(group, here, Calendar(RULES.zone_info()), window, recorded, start)
    half = len(messages) // 2
    return [
        decoder.decode(messages[:half], half),  # type: ignore[arg-type]
        decoder.decode(messages[half:], len(messages)),  # type: ignore[arg-type]
    ]


@given(
    seed=st.integers(0, 1_000),
    again=st.lists(st.tuples(st.integers(0, 699), st.integers(0, 699)), max_size=3),
    odd=st.dictionaries(st.integers(0, 699), st.sampled_from(ODD), max_size=2),
    foreign=st.sets(st.integers(0, 699), max_size=2),
    late=st.sets(st.integers(0, 699), max_size=1),
    dead=st.lists(st.integers(0, 699), max_size=2),
    start=st.integers(0, 300),
)
def test_a_run_is_decoded_like_its_messages_one_by_one(
    seed: int,
    again: list[tuple[int, int]],
    odd: dict[int, bytes | None],
    foreign: set[int],
    late: set[int],
    dead: list[int],
    start: int,
) -> None:
    known = Shop(seed).messages(350, duplicates=0)
    pairs = [known[i % len(known)] for i in range(len(known))]
    for at, of in again:
        pairs[at % len(pairs)] = pairs[of % len(pairs)]
    messages = [
        LogMessage(
            at,
            odd.get(at, value),
            b"another" if at in foreign else (key or "").encode(),
            0 if at in late else ARRIVED_MS,
        )
        for at, (key, value) in enumerate(pairs)
    ]
    fast = decode(messages, start, dead)
    with patch.object(FastPath, "add_run", lambda *_: False):
        one_by_one = decode(messages, start, dead)
    for batch in one_by_one:
        batch.events = [{"event_type": event["event_type"]} for event in batch.events]
    for batch in fast:
        batch.events = [{"event_type": event["event_type"]} for event in batch.events]
    assert fast == one_by_one


def test_most_runs_take_the_fast_path() -> None:
    messages = [
        LogMessage(at, value, (key or "").encode(), ARRIVED_MS)
        for at, (key, value) in enumerate(Shop().messages(500, duplicates=0))
    ]
    with patch.object(Decoder, "_add_message", side_effect=AssertionError("not the fast path")):
        first, second = decode(messages, 0, [])
    assert len(first.events) + len(second.events) == len(messages) > 2 * RUN_MESSAGES


def test_events_of_conditional_counters_keep_their_fields() -> None:
    conditional = {"user.role_changed"}
    window, calendar = DuplicateWindow(10), Calendar(RULES.zone_info())
    here = Partition("sc.domain.user", "topic-id", 0)
    decoder = Decoder(user_lifecycle.GROUP, here, calendar, window, {}, 0)
    values = [
        b'{"event_id": "8f14e45f-ceea-467f-ab5d-1a2b3c4d5e60", "event_type": "user.verified",'
        b'"occurred_at": "2026-11-20T10:00:00Z", "schema_version": 1, "data": {"user_id": "u"}}',
        b'{"event_id": "8f14e45f-ceea-467f-ab5d-1a2b3c4d5e61", "event_type": "user.role_changed",'
        b'"occurred_at": "2026-11-20T10:00:00Z", "schema_version": 1,'
        b'"data": {"user_id": "u", "old_role": "a", "new_role": "b"}}',
    ]
    messages = [LogMessage(at, value, b"u", ARRIVED_MS) for at, value in enumerate(values)]
    batch = decoder.decode(messages, 2)  # type: ignore[arg-type]
    assert {event["event_type"] for event in batch.events if "data" in event} == conditional
    assert len(batch.events) == 2


def test_organizations_do_not_use_up_each_others_ids_on_either_path() -> None:
    [(key, value)] = Shop(1).messages(1, duplicates=0)
    event = json.loads(value or b"")
    messages = [
        LogMessage(at, json.dumps(event | owner).encode(), (key or "").encode(), ARRIVED_MS)
        for at, owner in enumerate(
            [{}, {"organization_id": "acme"}, {"organization_id": "other"}, {}] * 2
        )
    ]
    fast = decode(messages, 0, [])
    with patch.object(FastPath, "add_run", lambda *_: False):
        one_by_one = decode(messages, 0, [])
    for batches in (fast, one_by_one):
        assert [batch.offsets for batch in batches] == [[0, 1, 2], []]
        assert [batch.outcomes["duplicate"] for batch in batches] == [1, 4]
