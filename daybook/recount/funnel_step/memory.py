"""Computes which sessions of a visitor are forgotten, and by which message of their history."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from duckdb import DuckDBPyConnection

from daybook.recount.funnel_step.table import fill as fill_table

REMEMBERED_MS = 35 * 24 * 3600 * 1000
SESSIONS_MAX = 50

_DEEDS_AT_ONCE = 50_000
_DEEDS_OF_FORGETTING_VISITORS = f"""
    SELECT who, n, session_id, appended_ms FROM deeds
    SEMI JOIN (
        SELECT who FROM deeds GROUP BY who
        HAVING max(appended_ms) - min(appended_ms) > {REMEMBERED_MS}
            OR count(DISTINCT session_id) > {SESSIONS_MAX}
    ) USING (who)
    ORDER BY who, n
"""


class Session(NamedTuple):
    """A session, remembered from message number `since` on, forgotten with number `until`."""

    id: str
    since: int
    until: int


class Deed(NamedTuple):
    """One event of a visitor: its number in their history, session id and append time."""

    n: int
    session: str
    appended_ms: int


def fill(db: DuckDBPyConnection) -> None:
    """Fills the tables `sessions`, with every session of visitors for whom one is forgotten, and
    `forgettings`, with the messages that make a visitor's sessions forgotten."""
    db.execute(
        "CREATE OR REPLACE TABLE sessions "
        "(who BIGINT, session_id VARCHAR, since BIGINT, until BIGINT)"
    )
    rows: list[tuple[int, str, int, int]] = []
    for who, deeds in groupby(_deeds(db), key=itemgetter(0)):
        history = (Deed(n, name, appended_ms) for _, n, name, appended_ms in deeds)
        rows += [(who, *session) for session in sessions(history)]
    fill_table(db, "sessions", rows)
    db.execute(
        "CREATE OR REPLACE TABLE forgettings AS "
        "SELECT DISTINCT who, until AS n FROM sessions WHERE until < 9223372036854775807"
    )


def sessions(history: Iterable[Deed]) -> Iterator[Session]:
    """Every session of a history. A message first expires old sessions, then joins its own."""
    known: dict[str, tuple[int, int]] = {}
    for n, name, appended_ms in history:
        oldest = min((first_ms for _, first_ms in known.values()), default=appended_ms)
        if appended_ms - oldest > REMEMBERED_MS:
            for expired, (since, first_ms) in list(known.items()):
                if appended_ms - first_ms > REMEMBERED_MS:
                    yield Session(expired, since, n)
                    del known[expired]
        if name not in known:
            if len(known) >= SESSIONS_MAX:
                crowded_out = next(iter(known))
                yield Session(crowded_out, known.pop(crowded_out)[0], n)
            known[name] = n, appended_ms
    for name, (since, _) in known.items():
        yield Session(name, since, 2**63 - 1)


def _deeds(db: DuckDBPyConnection) -> Iterator[tuple[int, int, str, int]]:
    cursor = db.cursor()
    cursor.execute("SET search_path = 'replay,main'")
    cursor.execute(_DEEDS_OF_FORGETTING_VISITORS)
    while rows := cursor.fetchmany(_DEEDS_AT_ONCE):
        yield from rows
