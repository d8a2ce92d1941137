"""Reads the stored clocks, profiles, rows and definitions into tables, values as JSON."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote

from daybook.recount.errors import Unrecountable, translated_mongodb_errors
from daybook.recount.fleet import Documents
from daybook.recount.recounted import Document, Marks
from daybook.recount.replay import rows
from daybook.recount.replay.rows import Row
from daybook.recount.replay.tables import Tables
from daybook.recount.segment.shards import SHARDS, shard_of

FACTS = (
    "account",
    "attributes",
    "consent",
    "events",
    "first_seen",
    "into",
    "orders",
    "organization_id",
    "person",
    "sample",
    "seen",
    "truncated",
    "visitors",
)
"""The fields of a profile that the log decides, by name."""
_KNOWN = ("version", "in", "since", "until", "number")
_ROW = ("organization_id", "segment_id", "version", "person", "shard")
_AT_ONCE = 5_000
_IDS_AT_ONCE = 1_000
_AT_FIRST = -1

Progress = Callable[[str, int, int], None]
"""A callback: what is being done, how much of it is done, the total (0 if unknown)."""

_encode = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=str
).encode


@dataclass(frozen=True, slots=True)
class Clock:
    """How far a shard is. `clock` and `round` are ms since 1970; `done` is the offset below which
    definitions are evaluated, and `reach` has the offsets below which the profiles hold everything.
    """

    clock: int
    round: int
    done: int
    reach: Marks


def read_clocks(documents: Documents) -> dict[int, Clock]:
    """The clocks by shard. Raises Unrecountable if there are none, or no round was finished."""
    with translated_mongodb_errors():
        found = {one["_id"]: one for one in documents["segment_clocks"].find()}
    if set(found) != set(range(SHARDS)):
        raise Unrecountable("clocks of segments are missing: start a member")
    clocks = {}
    for shard, one in found.items():
        try:
            clocks[shard] = Clock(
                int(one["clock"]),
                int(one["round"]),
                int(one["definitions"]["done"]),
                {
                    (topic_id, int(number)): int(offset)
                    for topic_id, offsets in one["applied"].items()
                    for number, offset in offsets.items()
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unrecountable(f"the clock of shard {shard} is damaged: {error!r}") from error
        if clocks[shard].round == _AT_FIRST:
            raise Unrecountable(f"shard {shard} has not finished a round yet: start a member")
    return clocks


def create_tables(tables: Tables) -> None:
    """Creates the tables that `fill_profiles` and `fill_rows` fill."""
    tables.create(
        "stored_profiles",
        "person VARCHAR, facts VARCHAR, own_shard INTEGER, shard VARCHAR, state VARCHAR, "
        "evaluated_to VARCHAR",
    )
    known = "version VARCHAR, is_in VARCHAR, since VARCHAR, until VARCHAR, number VARCHAR"
    tables.create("stored_segments", f"person VARCHAR, segment VARCHAR, {known}")
    tables.create("stored_rows", f"id VARCHAR, whose VARCHAR, {known}, revision VARCHAR")


def fill_profiles(tables: Tables, stored: Iterable[Document], report: Progress) -> None:
    """Takes all profiles."""
    known: list[Row] = []

    def profiles() -> Iterator[Row]:
        for done, one in enumerate(stored):
            if done % _AT_ONCE == 0:
                report("reading profiles", done, 0)
            person = str(one["_id"])
            yield (
                person,
                _encode({name: one[name] for name in FACTS if name in one}),
                shard_of(person),
                _encode(one.get("shard")),
                state_of(one),
                _encode(one.get("evaluated_to")),
            )
            segments = one.get("segments")
            for segment, value in segments.items() if isinstance(segments, Mapping) else ():
                fields = value if isinstance(value, Mapping) else {}
                known.append((person, segment, *(_encode(fields.get(name)) for name in _KNOWN)))

    tables.db.execute("DELETE FROM main.stored_segments")
    tables.db.execute("DELETE FROM main.stored_profiles")
    for some in _batches(profiles()):
        rows.fill(tables.db, "main.stored_profiles", some)
        rows.fill(tables.db, "main.stored_segments", known)
        known.clear()


def fill_rows(tables: Tables, stored: Iterable[Document], report: Progress) -> None:
    """Takes all rows of `segment_members`."""

    def members() -> Iterator[Row]:
        for done, one in enumerate(stored):
            if done % _AT_ONCE == 0:
                report("reading rows", done, 0)
            whose = _encode({name: one.get(name) for name in _ROW})
            values = (_encode(one.get(name)) for name in (*_KNOWN, "revision"))
            yield str(one["_id"]), whose, *values

    tables.refill("stored_rows", members())


def read_profiles(documents: Documents, only: Sequence[str] | None = None) -> Iterator[Document]:
    """All profiles, or those with these `_id`s."""
    if only is None:
        yield from _found(documents, "segment_profiles", {})
    for some in _chunks(only or ()):
        yield from _found(documents, "segment_profiles", {"_id": {"$in": some}})


def read_rows(documents: Documents, only: Sequence[str] | None = None) -> Iterator[Document]:
    """All rows of `segment_members`, or those of the people with these profiles."""
    if only is None:
        yield from _found(documents, "segment_members", {})
    for some in _chunks(only or ()):
        own = [person.partition(":")[2] for person in some]
        named = [f"{one[:2]}{unquote(one[2:])}" for one in own]
        for row in _found(documents, "segment_members", {"person": {"$in": named}}):
            organization, _, _, *person = str(row["_id"]).split(":")
            if ":".join((organization, *person)) in some:
                yield row


def state_of(profile: Document) -> str:
    """A text that is the same as long as a profile says the same, however often it is written."""
    told = {name: profile.get(name) for name in (*FACTS, "segments", "evaluated_to", "is_changed")}
    return sha256(_encode(told).encode()).hexdigest()


def read_versions(documents: Documents) -> dict[str, Document]:
    """The documents of `audience_segments` by `_id`."""
    return {str(one["_id"]): one for one in _found(documents, "audience_segments", {})}


def _found(
    documents: Documents, collection: str, where: Document, fields: Document | None = None
) -> Iterator[Document]:
    with translated_mongodb_errors():
        yield from documents[collection].find(where, fields, batch_size=_AT_ONCE)


def _chunks(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _IDS_AT_ONCE):
        yield list(ids[start : start + _IDS_AT_ONCE])


def _batches(found: Iterator[Row]) -> Iterator[list[Row]]:
    some: list[Row] = []
    for one in found:
        some.append(one)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    yield some
