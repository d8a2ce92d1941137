"""`python -m bench.visitor.curve [--json FILE]`: what a message costs, by how much is remembered.

It needs no servers. One visitor has 20 sessions; then 100 messages arrive, each older than the one
before, in batches of ten, as from a client that sends 100 a second. The processor time of folding
them is compared with that of messages in order. `state` is what reading and writing the state costs
besides, once per batch: it grows with its bytes, which are bounded.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any
from uuid import UUID

import bson

from bench.figure import Figure
from bench.result import Result
from bench.runs import Runs
from consumers.funnel_step import GROUP
from daybook.cli.support.printing import console, table
from daybook.engine.batch import Batch
from daybook.engine.documents.calendar import Calendar
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.documents.state import State
from daybook.engine.fold.keyed import fold
from daybook.engine.partition import Partition
from models.visitor_state import VisitorState

REMEMBERED = (500, 1_000, 2_000, 5_000, 10_000)
LATE = 100
BATCH = 10
MS_MAX = 10

_SESSIONS = 20
_KEY = "default:v"
_RULES = Rules("UTC", frozenset(), duplicate_window=50_000)
_CALENDAR = Calendar(_RULES.zone_info())
_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_PARTITION = Partition("sc.tracking.funnel", "incarnation", 0)
_DEFINITION = {
    "steps": [{"step_id": f"s{number}", "optional": False} for number in range(10)],
    "order": "ordered",
    "exclusions": [],
    "window_ms": 14 * 24 * 3_600_000,
}
_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("page_view", {"page": "/p{0}"}),
    ("step_entry", {"step_id": "s{0}"}),
    ("page_view", {"page": "/p{0}"}),
    ("step_exit", {"step_id": "s{0}", "exit_outcome": "forward"}),
    ("page_view", {"page": "/p{0}"}),
    ("conversion", {"conversion_type": "custom", "value_cents": 100, "currency": "EUR"}),
    ("page_view", {"page": "/p{0}"}),
    ("view", {"event_id": "e{0}"}),
    ("page_view", {"page": "/p{0}"}),
    ("engagement", {"seconds": 3}),
    ("page_view", {"page": "/p{0}"}),
    ("experiment_exposed", {"test_id": "t{0}", "variant_id": "one"}),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a message in milliseconds of processor time: of one that is older than all that
    is remembered, of one in order, and of the state, divided among the messages of a batch."""

    remembered: int
    late_ms: float
    in_order_ms: float
    state_ms: float
    state_bytes: int


class Visitor:
    """A visitor whose state is in memory; `send` folds a batch of messages."""

    def __init__(self) -> None:
        meta = {"applied": {}, "first": {}, "revision": 0}
        self.state: State = VisitorState.new(_KEY) | {"_id": _KEY, "event_ids": []}
        self.state["_daybook"] = meta
        pin = {"definition": "d", "topic_id": "defined", "partition": 0, "offset": 0}
        self.state["pins"] = {"f": {f"{_NOON:%Y-%m-%d}": [pin]}}
        self.state["definitions"] = {"d": _DEFINITION}
        self._sent = 0

    @property
    def remembered(self) -> int:
        """The number of remembered events."""
        return sum(len(session["events"]) for session in self.state["sessions"])

    def send(self, messages: list[tuple[int, str]]) -> float:
        """Folds messages, each with its time in seconds after noon and its session.

        Returns the processor time in seconds.
        """
        batch = Batch(_PARTITION, self._sent + len(messages))
        for seconds, session in messages:
            self._add(batch, seconds, session)
        began = process_time()
        fold(GROUP, batch, {_KEY: self.state}, _RULES).changes()
        return process_time() - began

    def _add(self, batch: Batch, seconds: int, session: str) -> None:
        kind, fields = _KINDS[self._sent % len(_KINDS)]
        number = self._sent % 97
        data = {"visitor_id": "v", "session_id": session, "funnel_id": "f"}
        data |= {n: v.format(number) if isinstance(v, str) else v for n, v in fields.items()}
        at = (_NOON + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        appended_ms = int(_NOON.timestamp() * 1000) + 3_600_000
        batch.events.append({"event_type": kind, "occurred_at": at, "data": data})
        batch.day_hours.append(_CALENDAR.day_hour(at, appended_ms))
        batch.appended_ms.append(appended_ms)
        batch.offsets.append(self._sent)
        batch.keys.append(_KEY)
        batch.ids.append(UUID(int=self._sent).bytes)
        self._sent += 1


def cost(events: int) -> Cost:
    """The cost of messages of a visitor of whom this many events are remembered."""
    visitor = Visitor()
    per_session = events // _SESSIONS
    last = events - 2 * LATE
    in_order = [(second, f"s{second // per_session}") for second in range(events - LATE)]
    visitor.send(in_order[:last])
    ordered_seconds = _spent(visitor, in_order[last:])
    # They join the last session, which has room for them.
    late = [(-second, f"s{_SESSIONS - 1}") for second in range(1, LATE + 1)]
    late_seconds = _spent(visitor, late)
    began = process_time()
    stored = bson.encode(visitor.state)
    bson.decode(stored)
    state_seconds = process_time() - began
    return Cost(
        visitor.remembered,
        late_seconds / LATE * 1000,
        ordered_seconds / LATE * 1000,
        state_seconds / BATCH * 1000,
        len(stored),
    )


def _spent(visitor: Visitor, messages: list[tuple[int, str]]) -> float:
    batches = [messages[start : start + BATCH] for start in range(0, len(messages), BATCH)]
    return sum(map(visitor.send, batches))


def curve(runs: Runs, times: int) -> Result:
    """The costs by number of remembered events, as figures."""
    figures = []
    for events in REMEMBERED:
        runs.log(f"measuring messages of a visitor with {events:,} events")
        costs = [cost(events) for _ in range(times)]
        what = f"a late message, {events:,} events remembered"
        figures.append(Figure(what, "ms", [one.late_ms for one in costs], at_most=MS_MAX))
    return Result(
        {"visitor": f"20 sessions; {LATE} messages, each older than the last"}, [], figures
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.visitor.curve", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the costs to this file")
    options = parser.parse_args()
    costs = [cost(events) for events in REMEMBERED]
    headings = ["remembered", "late ms", "in order ms", "state ms", "state bytes"]
    rows = [
        [
            f"{one.remembered:,}",
            f"{one.late_ms:.2f}",
            f"{one.in_order_ms:.2f}",
            f"{one.state_ms:.2f}",
            f"{one.state_bytes:,}",
        ]
        for one in costs
    ]
    console().print(table(headings, rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in costs], indent=2))


if __name__ == "__main__":
    main()
