"""Live numbers in Redis: written by scripts that refuse what is old, without patience for Redis."""

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
    """Every method raises RedisError or OSError if Redis does not answer within half a second."""

    def __init__(self, settings: Settings, group: str) -> None:
        self._redis = blocking(settings, TIMEOUT_SECONDS)
        self._group = group
        self._mark = f"{OWN_KEYS}member:{uuid4().hex}"

    def was_emptied(self) -> bool:
        """Whether Redis has lost what this member left there; at first, it has."""
        return self._redis.set(self._mark, 1, px=TOTALS_MS, get=True) is None

    def overwrite(self, several: Sequence[Totals], day_end_ms: int) -> list[Totals]:
        """Puts each into its hash unless that is newer; those that were news to it."""
        calls: list[Call] = [
            ([one.key], [one.date, one.revision, TOTALS_MS, day_end_ms, *_flat(one.fields)])
            for one in several
        ]
        outcomes = self._run(OVERWRITE, calls)
        self._count("done", sum(outcome in (0, 1) for outcome in outcomes))
        self._count("refused", outcomes.count(-1))
        return [one for one, outcome in zip(several, outcomes, strict=True) if outcome == 1]

    def enter(self, entries: Entries) -> None:
        """Adds members to sorted sets; one that is there already changes nothing."""
        calls: list[Call] = [
            ([key], [window_ms, kept, *(part for m, at in some for part in (at, m))])
            for (key, window_ms, kept), members in entries.items()
            for some in _chunks(members.items(), MEMBERS_AT_ONCE)
        ]
        outcomes = self._run(ENTER, calls)
        self._count("done", len(outcomes) - outcomes.count(None))

    def move(self, presences: Presences) -> None:
        """Says who is where; one who was seen later already stays there."""
        calls: list[Call] = [
            ([key, places], [window_ms, *(part for who in some for part in who)])
            for (key, places, window_ms), everyone in presences.items()
            for some in _chunks(
                ((w, at, int(p is not None), p or "") for w, (at, p) in everyone.items()),
                MEMBERS_AT_ONCE,
            )
        ]
        outcomes = self._run(MOVE, calls)
        self._count("done", len(outcomes) - outcomes.count(None))

    def publish(self, messages: Mapping[str, Sequence[Totals]], together: bool) -> list[str]:
        """Sends each channel its totals, as one object or `together`; the channels that took them.

        The others had a message within the last quarter of a second.
        """
        head, tail = ('{"totals":[', "]}") if together else ("", "")
        calls: list[Call] = [
            (
                [f"{OWN_KEYS}gate:{channel}", *(one.key for one in several)],
                [GATE_MS, channel, head, tail]
                + [part for one in several for part in (one.date, one.revision, _json(one))],
            )
            for channel, several in messages.items()
        ]
        outcomes = self._run(PUBLISH, calls)
        taken = [c for c, outcome in zip(messages, outcomes, strict=True) if outcome != 0]
        LIVE_PUBLISHED.labels(self._group).inc(len(taken))
        return taken

    def close(self) -> None:
        self._redis.close()

    def _run(self, script: Script, calls: Sequence[Call]) -> list[Any]:
        """The scripts' answers; None where something else than ours stands under the key."""
        answers: list[Any] = []
        for some in _chunks(calls, CALLS_AT_ONCE):
            found = self._send(script.sha, some, is_known=True)
            if any(isinstance(one, NoScriptError) for one in found):
                found = self._send(script.text, some, is_known=False)
            for one in found:
                if isinstance(one, RedisError) and not _is_of_one_key(one):
                    raise one
            answers += [None if isinstance(one, RedisError) else one for one in found]
        self._count("failed", answers.count(None))
        return answers

    def _send(self, script: str, calls: Iterable[Call], is_known: bool) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipe:
            call = pipe.evalsha if is_known else pipe.eval
            for keys, arguments in calls:
                call(script, len(keys), *keys, *arguments)
            return pipe.execute(raise_on_error=False)

    def _count(self, status: str, times: int) -> None:
        LIVE_WRITES.labels(self._group, status).inc(times)


def _is_of_one_key(error: RedisError) -> bool:
    return isinstance(error, ResponseError) and "WRONGTYPE" in str(error)


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for name_and_value in fields.items() for part in name_and_value]


def _json(one: Totals) -> str:
    told = {"date": one.date, "revision": one.revision} | one.fields
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
