"""Repairs people's profiles and rows to what the log says."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from pymongo import DeleteOne, ReplaceOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from daybook.recount.errors import translated_mongodb_errors
from daybook.recount.recounted import Document
from daybook.recount.repair.change import Change
from daybook.recount.segment import stored
from daybook.recount.segment.compare import Finding
from daybook.recount.segment.session import SegmentRecount, Snapshot
from daybook.recount.segment.shards import shard_of

_DUPLICATE = 11_000
_UNEVALUATED: Mapping[str, Any] = {
    "due": {},
    "due_at": -1,
    "touched": ["*"],
    "is_merged": False,
    "outbox": [],
    "unpublished": [],
    "is_changed": False,
}
"""What makes a member evaluate a profile anew, as if nothing was evaluated or left to publish."""
_KNOWN = """
    SELECT
        coalesce(e.person, l.person), coalesce(e.segment, l.segment),
        version_id || substring(e.person, instr(e.person, ':')),
        CAST(coalesce(e.version, CAST(t.version AS VARCHAR)) AS INTEGER),
        coalesce(e.is_in = 'true', false), CAST(e.since AS BIGINT), try_cast(e.until AS BIGINT),
        coalesce(l.number, 0), coalesce(l.is_in, false), t.since, t.ms
    FROM (FROM main.expected_known SEMI JOIN main.suspects USING (person)) AS e
    FULL JOIN (FROM main.last_told SEMI JOIN main.suspects USING (person)) AS l
        ON l.person = e.person AND l.segment = e.segment
    LEFT JOIN main.told AS t
        ON t.person = l.person AND t.segment = l.segment AND t.nth = l.nth
"""


class _Known(NamedTuple):
    """What is known of a person and a segment: `entry` is for the profile; `row` is the `_id` of
    the row that the log gives, with the run, if it gives one."""

    segment: str
    entry: Document
    row: str | None
    run: Document


class _Found(NamedTuple):
    """What the log, and then what was published, say of a person and a segment."""

    segment: str
    row: str | None
    version: int
    is_in: bool
    since: int | None
    until: int | None
    number: int
    was_in: bool
    told_since: int | None
    told_at: int | None

    def known(self) -> _Known:
        run = _run(self.version, self.is_in, self.since, self.until, self.number)
        if self.was_in == self.is_in:
            return _Known(self.segment, run, self.row, run)
        # As it was published, so that a member publishes the difference.
        until = None if self.was_in else self.told_at
        told = {"in": self.was_in, "since": self.told_since, "until": until}
        return _Known(self.segment, run | told, self.row, run)


class Repairer:
    """Repairs everybody whom findings are about.

    A profile that a member has written since it was read is left as it is. The others are marked to
    be evaluated anew. So a member goes on from the repaired facts, and publishes the difference
    between what is so and what was published.
    """

    def __init__(
        self, recount: SegmentRecount, snapshot: Snapshot, people: Collection[str]
    ) -> None:
        """Raises Unreachable."""
        self._recount = recount
        self._ids = sorted(people)
        self.repaired: set[str] = set()
        """Those whose profiles were as they had been read."""
        recount.tables.refill("suspects", ((person,) for person in people))
        self._facts = self._texts("facts", "expected_profiles")
        self._read = self._texts("state", "stored_profiles")
        self._known: dict[str, list[_Known]] = defaultdict(list)
        for person, *rest in recount.tables.rows(_KNOWN):
            self._known[person].append(_Found(*rest).known())
        self._clocks = {shard: clock.clock for shard, clock in snapshot.clocks.items()}
        self._applied: dict[str, dict[str, int]] = {}
        for place, offset in snapshot.reach.items():
            topic_id, partition = recount.log.position(place)
            if offset:
                self._applied.setdefault(topic_id, {})[str(partition)] = offset - 1
        documents = recount.fleet.documents
        self._profiles, self._members = documents["segment_profiles"], documents["segment_members"]
        self._stored = {str(p["_id"]): p for p in stored.read_profiles(documents, self._ids)}
        self._rows: dict[str, list[Document]] = defaultdict(list)
        for row in stored.read_rows(documents, self._ids):
            organization, _, _, letter, own = str(row["_id"]).split(":")
            self._rows[f"{organization}:{letter}:{own}"].append(row)

    def _texts(self, column: str, table: str) -> dict[str, str]:
        query = f"SELECT person, {column} FROM main.{table} SEMI JOIN main.suspects USING (person)"
        return dict(self._recount.tables.rows(query))

    def repair(self, found: Collection[Finding]) -> Iterator[Change]:
        """Repairs them, and yields what was done. Raises Unreachable."""
        fields: dict[str, dict[tuple[str, str], list[str]]] = defaultdict(dict)
        for one in found:
            fields[one.person].setdefault((one.collection, one.document), []).append(one.field)
        for done, person in enumerate(self._ids):
            self._recount.report_progress("repairing", done, len(self._ids))
            if what := self._repair(person):
                self.repaired.add(person)
                for (collection, document), names in fields[person].items():
                    yield Change(collection, document, what, tuple(names))

    def _repair(self, person: str) -> Literal["repaired", "inserted", "deleted"] | None:
        """None if a member has written the profile meanwhile."""
        old, rows = self._stored.get(person), self._rows[person]
        if (None if old is None else stored.state_of(old)) != self._read.get(person):
            return None
        where = {"_id": person, "revision": (old or {}).get("revision")}
        with translated_mongodb_errors():
            if person not in self._facts:
                if old and not self._profiles.delete_one(where).deleted_count:
                    return None
                self._members.delete_many({"_id": {"$in": [row["_id"] for row in rows]}})
                return "deleted"
            new = self._new(person, old or {}, rows)
            if old is None:
                try:
                    self._profiles.insert_one(new)
                except DuplicateKeyError:
                    return None
            elif not self._profiles.replace_one(where, new).matched_count:
                return None
            self._put_rows(new, rows)
            self._restore_rows(new)
        return "repaired" if old else "inserted"

    def _new(self, person: str, old: Document, rows: Collection[Document]) -> Document:
        shard = shard_of(person)
        applied = {t: dict(numbers) for t, numbers in _mapping(old.get("applied")).items()}
        for topic_id, offsets in self._applied.items():
            own = applied.setdefault(topic_id, {})
            for number, offset in offsets.items():
                own[number] = max(offset, own.get(number, -1))
        segments = dict(_mapping(old.get("segments")))
        of_log = {known.segment: known.entry for known in self._known[person]}
        in_force = {row["segment_id"] for row in rows} | of_log.keys()
        segments = {name: value for name, value in segments.items() if name not in in_force}
        return {
            "_id": person,
            **json.loads(self._facts[person]),
            **_UNEVALUATED,
            "shard": shard,
            "applied": applied,
            "segments": segments | of_log,
            "evaluated_to": max(_whole(old.get("evaluated_to")), self._clocks[shard]),
            # Above that of each row, which a member replaces only then.
            "revision": 1 + max(_whole(one.get("revision")) for one in (old, *rows)),
        }

    def _put_rows(self, profile: Document, stored_rows: Collection[Document]) -> None:
        """Writes the rows of versions in force, and removes those that nothing explains; a row that
        a member has written meanwhile stays."""
        person, revision = profile["_id"], profile["revision"]
        is_older = {"revision": {"$not": {"$gte": revision}}}
        wanted = {known.row: known for known in self._known[person] if known.row}
        writes: list[Any] = [
            ReplaceOne(
                {"_id": name, **is_older},
                known.run | {"_id": name} | _whose(profile, known.segment),
                upsert=True,
            )
            for name, known in wanted.items()
        ]
        unexplained = {
            name
            for (name,) in self._recount.tables.rows(
                "SELECT document FROM main.unexplained_rows WHERE person = ?", [person]
            )
        }
        writes += [
            DeleteOne({"_id": row["_id"], **is_older})
            for row in stored_rows
            if row["_id"] in unexplained
        ]
        if not writes:
            return
        try:
            self._members.bulk_write(writes, ordered=False)
        except BulkWriteError as error:
            if any(one["code"] != _DUPLICATE for one in error.details["writeErrors"]):
                raise

    def _restore_rows(self, profile: Document) -> None:
        """Writes rows of versions that have ended as they were published last."""
        for document, segment, version, is_in, since, until, number in self._recount.tables.rows(
            "SELECT document, segment, own_version, told_in, told_since, told_until, told_number "
            "FROM main.wrong_ended_rows WHERE person = ? AND told_in IS NOT NULL",
            [profile["_id"]],
        ):
            run = _run(version, is_in, since, until, number)
            self._members.replace_one(
                {"_id": document}, run | _whose(profile, segment), upsert=True
            )


def _whose(profile: Document, segment: str) -> Document:
    """The fields of a row that say whose it is, as of this profile."""
    own = {name: profile[name] for name in ("organization_id", "person", "shard", "revision")}
    return own | {"segment_id": segment}


def _run(version: int, is_in: bool, since: int | None, until: int | None, number: int) -> Document:
    return {"version": version, "in": is_in, "since": since, "until": until, "number": number}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int) else -1
