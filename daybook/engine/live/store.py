"""Writes live numbers to Redis, by scripts that refuse outdated data, with short timeouts."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import uuid4

from redis.exceptions import NoScriptError, RedisError, ResponseError

from daybook.engine.documents.live import Totals
from daybook.engine.live.gather import Entries, Presences
from daybook.engine.live.scripts import ENTER, MOVE, OVERWRITE, PUBLISH, Script
from daybook.engine.metrics import LIVE_PUBLISHED, LIVE_WRITES
from daybook.engine.redis_client import blocking
from daybook.engine.settings import Settings

TIMEOUT_SECONDS = 0.5
TOTALS_MS = 30 * 60_000
GATE_MS = 250
OWN_KEYS = "daybook:live:"
CALLS_AT_ONCE = 200
MEMBERS_AT_ONCE = 500
ITEMS_AT_ONCE = 50

T = TypeVar("T")
Call = tuple[list[str], list[Any]]


class LiveStore:
    """Every method raises RedisError or OSError if Redis does not answer in `TIMEOUT_SECONDS`."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._redis = blocking(settings, TIMEOUT_SECONDS)
        self._group = group
        self._marker_key = f"{OWN_KEYS}member:{uuid4().hex}"

    def was_emptied(self) -> bool:
        """Whether Redis has lost this member's marker key, as at the first call."""
        return self._redis.set(self._marker_key, 1, px=TOTALS_MS, get=True) is None

    def overwrite(self, totals: Sequence[Totals], day_end_ms: int) -> list[Totals]:
        """Writes each hash unless Redis holds a newer one; returns the totals that changed one."""
        calls: list[Call] = [
            ([one.key], [one.date, one.revision, TOTALS_MS, day_end_ms, *_flat(one.fields)])
            for one in totals
        ]
        outcomes = self._run(OVERWRITE, calls)
        self._count("done", sum(outcome in (0, 1) for outcome in outcomes))
        self._count("refused", outcomes.count(-1))
        return [one for one, outcome in zip(totals, outcomes, strict=True) if outcome == 1]

    def enter(self, entries: Entries) -> None:
        """Adds members to sorted sets. Idempotent."""
        calls: list[Call] = [
            ([key], [window_ms, kept, *(part for m, at in chunk for part in (at, m))])
            for (key, window_ms, kept), members in entries.items()
            for chunk in _chunks(members.items(), MEMBERS_AT_ONCE)
        ]
        outcomes = self._run(ENTER, calls)
        self._count("done", len(outcomes) - outcomes.count(None))

    def move(self, presences: Presences) -> None:
        """Records who is at which place, unless Redis has a later presence of the same person."""
        calls: list[Call] = [
            ([key, places], [window_ms, *(part for person in chunk for part in person)])
            for (key, places, window_ms), people in presences.items()
            for chunk in _chunks(
                ((w, at, int(p is not None), p or "") for w, (at, p) in people.items()),
                MEMBERS_AT_ONCE,
            )
        ]
        outcomes = self._run(MOVE, calls)
        self._count("done", len(outcomes) - outcomes.count(None))

    def publish(self, messages: Mapping[str, Sequence[Totals]], together: bool) -> list[str]:
        """Publishes totals by channel: one object, or with `together` a list of them.

        Returns the channels that accepted the message; the others had one within `GATE_MS`.
        """
        head, tail = ('{"totals":[', "]}") if together else ("", "")
        calls: list[Call] = [
            (
                [f"{OWN_KEYS}gate:{channel}", *(one.key for one in totals)],
                [GATE_MS, channel, head, tail]
                + [part for one in totals for part in (one.date, one.revision, _json(one))],
            )
            for channel, totals in messages.items()
        ]
        outcomes = self._run(PUBLISH, calls)
        accepted = [c for c, outcome in zip(messages, outcomes, strict=True) if outcome != 0]
        LIVE_PUBLISHED.labels(self._group).inc(len(accepted))
        return accepted

    def close(self) -> None:
        self._redis.close()

    def _run(self, script: Script, calls: Sequence[Call]) -> list[Any]:
        """The script's result of each call; None if its key holds a value of another type."""
        results: list[Any] = []
        for chunk in _chunks(calls, CALLS_AT_ONCE):
            replies = self._send(script.sha, chunk, is_known=True)
            if any(isinstance(reply, NoScriptError) for reply in replies):
                replies = self._send(script.text, chunk, is_known=False)
            for reply in replies:
                if isinstance(reply, RedisError) and not _is_wrong_type(reply):
                    raise reply
            results += [None if isinstance(reply, RedisError) else reply for reply in replies]
        self._count("failed", results.count(None))
        return results

    def _send(self, script: str, calls: Iterable[Call], is_known: bool) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipe:
            call = pipe.evalsha if is_known else pipe.eval
            for keys, arguments in calls:
                call(script, len(keys), *keys, *arguments)
            return pipe.execute(raise_on_error=False)

    def _count(self, status: str, times: int) -> None:
        LIVE_WRITES.labels(self._group, status).inc(times)


def _is_wrong_type(error: RedisError) -> bool:
    return isinstance(error, ResponseError) and "WRONGTYPE" in str(error)


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for name_and_value in fields.items() for part in name_and_value]


def _json(totals: Totals) -> str:
    body = {"date": totals.date, "revision": totals.revision} | totals.fields
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
