"""The recounted rows equal those that the group stores, and the users of sketches as well."""

from collections import defaultdict

import pytest

from daybook.recount.days import Days
from daybook.recount.recounted import Document
from daybook.simulate.answer.entry import Entry
from daybook.simulate.answer.keys import document_id
from tests.support.funnel_counting import collections, counted, lanes
from tests.support.funnel_traffic import WHAT_MEMORIES_HOLD, Traffic, replayed
from tests.support.recounting import TOPIC_ID
from tests.support.uniques import estimates

Rows = dict[str, Document]


COLLECTIONS = ("funnel_users", "experiment_visitors", "order_emails")


def rows_of(
    entries: list[Entry], collection: str, ends: list[int] | None = None, *, messages: int = 40
) -> Rows:
    return {
        name: {field: value for field, value in row.items() if field != "_daybook"}
        for name, row in counted(entries, collection, ends, messages=messages).items()
    }


@WHAT_MEMORIES_HOLD
def test_the_recounted_rows_equal_those_of_the_group(
    visitors: int, sessions: int, days: float
) -> None:
    entries = Traffic(80, visitors=visitors, sessions=sessions, days=days).entries(2_500)
    with replayed(entries) as replay:
        for collection in COLLECTIONS:
            rows = rows_of(entries, collection)
            assert rows
            assert rows == rows_of(entries, collection, messages=1_000)
            assert rows == dict(replay.results.states(collection))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_rows_are_recounted_up_to_the_group_and_one_row_further(collection: str) -> None:
    entries = Traffic(81).entries(600)
    ends = [len(log) // 2 for log in lanes(entries)]
    base, further = rows_of(entries, collection, ends), rows_of(entries, collection)
    reach = {(TOPIC_ID, number): end - 1 for number, end in enumerate(ends)}
    with replayed(entries) as replay:
        replay.limit(reach)
        assert dict(replay.results.states(collection)) == base
        name = next(name for name in sorted(further) if name not in base)
        marks = {(TOPIC_ID, n): len(log) - 1 for n, log in enumerate(lanes(entries))}
        replay.limit(reach, [((collection, name), marks)])
        assert dict(replay.results.states(collection)) == base | {name: further[name]}


def test_the_recounted_users_and_named_visitors_of_each_sketch_are_those_of_the_group() -> None:
    entries = Traffic(82, visitors=40, sessions=9).entries(2_500)
    stored = estimates(collections(entries)["analytics_uniques"].values())
    owners: dict[str, set[str]] = defaultdict(set)
    with replayed(entries) as replay:
        for key in replay.results.sketch_keys(Days()):
            assert key.is_due
            owners[key.sketch].add(key.owner)
    recounted = {name: len(keys) for name, keys in owners.items()}
    assert {document_id(*filter(None, name)): found.estimate for name, found in stored.items()} == (
        recounted
    )
    assert {"funnel_named", "funnel_users"} <= {str(name[1]) for name in stored}
