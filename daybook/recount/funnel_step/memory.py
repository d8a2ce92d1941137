"""Computes which sessions of a visitor are forgotten, and which events find no room."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from daybook.recount.replay.rows import fill as fill_table
from daybook.recount.replay.rows import streamed

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50
SESSION_EVENTS_MAX = 500
BYTES_MAX = 1_600_000
KIND_MAX = 1_000

_BOUNDED_KINDS = ("step_entry", "conversion", "experiment_exposed")
_FOR_GOOD = 2**63 - 1
_DEEDS_OF_SPECIAL_VISITORS = f"""
    SELECT who, n, session_id, appended_ms, event_type, size, hash(origin), origin_size
    FROM deeds
    SEMI JOIN (
        SELECT who FROM deeds GROUP BY who
        HAVING max(appended_ms) - min(appended_ms) > {REMEMBERED_MS}
            OR count(DISTINCT session_id) > {SESSIONS_MAX}
            OR sum(size + origin_size) > {BYTES_MAX}
            OR greatest({
    ", ".join(f"count(*) FILTER (event_type = '{kind}')" for kind in _BOUNDED_KINDS)
}) > {KIND_MAX}
    ) USING (who)
    ORDER BY who, n
"""


class Session(NamedTuple):
    """A session, remembered from message number `since` on, forgotten with number `until`."""

    id: str
    since: int
    until: int


class Deed(NamedTuple):
    """One event of a visitor: its number in their history, session id, append time and type; its
    size; what tells its context from others, and the size of that."""

    n: int
    session: str
    appended_ms: int
    kind: str
    size: int
    context: int
    context_size: int


@dataclass(slots=True)
class _Known:
    """A remembered session; `kinds` has the number of its remembered events of each type."""

    since: int
    first_ms: int
    contexts: set[int] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    size: int = 0


@dataclass(slots=True)
class History:
    """The outcome of a visitor's history: `sessions`, all of them, and `left_out`, the numbers of
    the events that were not remembered, each with the number at which its session began."""

    sessions: list[Session] = field(default_factory=list)
    left_out: list[tuple[int, int]] = field(default_factory=list)
    _known: dict[str, _Known] = field(default_factory=dict)

    def replay(self, deeds: Iterable[Deed]) -> "History":
        """Takes the events in order. A message first expires old sessions, then joins its own."""
        for deed in deeds:
            self._expire(deed)
            session = self._join(deed)
            if not self._keep(session, deed):
                self.left_out.append((deed.n, session.since))
        for name in list(self._known):
            self._forget(name, _FOR_GOOD)
        return self

    def _expire(self, deed: Deed) -> None:
        for name, known in list(self._known.items()):
            if deed.appended_ms - known.first_ms > REMEMBERED_MS:
                self._forget(name, deed.n)

    def _join(self, deed: Deed) -> _Known:
        if deed.session not in self._known:
            if len(self._known) >= SESSIONS_MAX:
                self._forget(next(iter(self._known)), deed.n)
            self._known[deed.session] = _Known(deed.n, deed.appended_ms)
        return self._known[deed.session]

    def _keep(self, session: _Known, deed: Deed) -> bool:
        size = deed.size + (0 if deed.context in session.contexts else deed.context_size)
        known = self._known.values()
        if session.kinds.total() >= SESSION_EVENTS_MAX:
            return False
        if sum(one.size for one in known) + size > BYTES_MAX:
            return False
        of_kind = sum(one.kinds[deed.kind] for one in known)
        if deed.kind in _BOUNDED_KINDS and of_kind >= KIND_MAX:
            return False
        session.size += size
        session.contexts.add(deed.context)
        session.kinds[deed.kind] += 1
        return True

    def _forget(self, name: str, n: int) -> None:
        self.sessions.append(Session(name, self._known.pop(name).since, n))


def fill(db: DuckDBPyConnection) -> None:
    """Fills the tables `sessions`, with every session of the visitors for whom the memory may be
    too small; `forgettings`, with the messages that make a visitor's sessions forgotten; and
    `left_out`, with the events of these visitors that are not remembered."""
    db.execute(
        "CREATE OR REPLACE TABLE sessions "
        "(who BIGINT, session_id VARCHAR, since BIGINT, until BIGINT)"
    )
    db.execute("CREATE OR REPLACE TABLE left_out (who BIGINT, n BIGINT, since BIGINT)")
    sessions: list[tuple[int, str, int, int]] = []
    left_out: list[tuple[int, int, int]] = []
    for who, deeds in groupby(_deeds(db), key=itemgetter(0)):
        history = History().replay(deed for _, deed in deeds)
        sessions += [(who, *session) for session in history.sessions]
        left_out += [(who, *deed) for deed in history.left_out]
    fill_table(db, "sessions", sessions)
    fill_table(db, "left_out", left_out)
    db.execute(
        "CREATE OR REPLACE TABLE forgettings AS "
        f"SELECT DISTINCT who, until AS n FROM sessions WHERE until < {_FOR_GOOD}"
    )


def _deeds(db: DuckDBPyConnection) -> Iterator[tuple[int, Deed]]:
    return ((row[0], Deed(*row[1:])) for row in streamed(db, _DEEDS_OF_SPECIAL_VISITORS))
