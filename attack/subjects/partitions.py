"""What one visitor or one producer can do to the others of their partition."""

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from attack import bounds
from attack.attack import Attack, Sent, Target
from attack.process import daybook
from attack.publishing import TRACKING, USERS, Published, Publisher, event, message
from daybook.engine.kafka import clients
from daybook.engine.kafka.topics import alter
from daybook.engine.mongo.client import Documents, database
from schemas.catalogue import topic_name

_HEAVY, _FUNNEL, _ORGANIZATION = "heavy", "partition", "attacker"
_SESSIONS, _EVENTS_EACH = 20, 500
_OLDER_PER_SECOND, _SECONDS = 100, 12
_WAIT_SECONDS_MAX = 30.0
_POLL_SECONDS = 0.02
_TIMESTAMPS_MS = (1, 1_000, 10**12, 4 * 10**12, 253_402_300_800_000, 2**53, 2**62, 2**63 - 1)
_NO_LIMIT_MS, _USUAL_LIMIT_MS = str(2**63 - 1), str(3_600_000)


def older_and_older(target: Target) -> Sent:
    """A visitor with a long memory sends events, each of which comes before all that is known."""
    publisher = Publisher(target)
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        victim = _in_the_same_partition(publisher)
        sessions = count()
        publisher.publish(TRACKING, _history())
        # The history itself is 10,000 events to count, as anybody's are.
        _delay(publisher, documents, victim, next(sessions))
        delays = [0.0]
        began, age = time.monotonic(), timedelta(days=2)
        while (passed := time.monotonic() - began) < _SECONDS and delays[-1] < _WAIT_SECONDS_MAX:
            behind = int(passed * _OLDER_PER_SECOND) + _OLDER_PER_SECOND // 2
            older = [_step("s-old", age + timedelta(seconds=n)) for n in range(behind)]
            age += timedelta(seconds=behind)
            publisher.publish(TRACKING, older[:_OLDER_PER_SECOND])
            delays.append(_delay(publisher, documents, victim, next(sessions)))
    worst = max(delays)
    failures = []
    if worst > bounds.FRESH_SECONDS_MAX:
        failures.append(
            f"another visitor of the partition waited {worst:.1f} s to be counted, more than "
            f"{bounds.FRESH_SECONDS_MAX:.0f} s"
        )
    what = f"{publisher}: {_SESSIONS} sessions of {_EVENTS_EACH} events, then older and older ones"
    return Sent(what, failures)


def _in_the_same_partition(publisher: Publisher) -> str:
    """A visitor whose messages are in the same partition as the heavy one's."""
    probes = [f"victim-{number}" for number in range(100)]
    publisher.publish(TRACKING, [_view(name, "probe") for name in (_HEAVY, *probes)])
    wanted = publisher.partitions[_HEAVY.encode()]
    return next(name for name in probes if publisher.partitions[name.encode()] == wanted)


def _history() -> Iterator[Published]:
    for session in range(_SESSIONS):
        for number in range(_EVENTS_EACH):
            ago = timedelta(days=1, hours=_SESSIONS - session, seconds=-number)
            yield _step(f"s{session}", ago, f"step-{number % 8}")


def _step(session: str, ago: timedelta, step: str = "step-0") -> Published:
    data = {
        "visitor_id": _HEAVY,
        "session_id": session,
        "funnel_id": _FUNNEL,
        "step_id": step,
    }
    return message(_HEAVY, event("step_entry", data, _ORGANIZATION, ago))


def _view(visitor: str, session: str) -> Published:
    data = {"visitor_id": visitor, "session_id": session, "funnel_id": _FUNNEL, "page": "/"}
    return message(visitor, event("page_view", data, _ORGANIZATION))


def _delay(publisher: Publisher, documents: Documents, victim: str, session: int) -> float:
    """The seconds until a new event of the victim is in its session's row."""
    began = time.monotonic()
    publisher.publish(TRACKING, [_view(victim, f"v{session}")])
    row = {"_id": f"{_ORGANIZATION}:{victim}:v{session}:{_FUNNEL}"}
    while documents["funnel_sessions"].find_one(row, {"_id": 1}) is None:
        if time.monotonic() - began > _WAIT_SECONDS_MAX:
            break
        time.sleep(_POLL_SECONDS)
    return time.monotonic() - began


def timestamps_out_of_range(target: Target) -> Sent:
    """A topic whose timestamps are its producers', with timestamps that are no time at all."""
    publisher, topic = Publisher(target), topic_name(USERS)
    client = clients.admin(target.settings)
    theirs = {"message.timestamp.type": "CreateTime"}
    theirs |= {f"message.timestamp.{end}.max.ms": _NO_LIMIT_MS for end in ("before", "after")}
    failures = []
    alter(client, topic, theirs)
    try:
        for timestamp in _TIMESTAMPS_MS:
            users = [f"clock-{timestamp}-{number}" for number in range(5)]
            created = [message(u, event("user.created", {"user_id": u})) for u in users]
            publisher.publish(USERS, created, timestamp=timestamp)
        started = daybook(("run", "user-lifecycle", "--until-caught-up"), target.variables, 20)
        if started.returncode == 0 or "message.timestamp.type" not in started.stderr:
            failures.append("a member starts to read a topic whose timestamps are its producers'")
    finally:
        usual = {"message.timestamp.type": "LogAppendTime"}
        usual |= {"message.timestamp.after.max.ms": _USUAL_LIMIT_MS}
        alter(client, topic, usual)
    return Sent(f"{publisher} with timestamps from 1970 to the year 292 million", failures)


ATTACKS = (
    Attack("a visitor's older and older events", older_and_older, (), 90, 90),
    Attack("timestamps out of range", timestamps_out_of_range),
)
