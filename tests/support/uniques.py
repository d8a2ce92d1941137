"""Compares sketches with the numbers of distinct visitors counted from the events themselves."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC
from typing import Any

from daybook.engine.documents.sketches import Estimate
from daybook.engine.moment import parse_moment
from daybook.simulate.answer.entry import TRACKING, Entry
from daybook.simulate.answer.keys import event_key
from models.uniques import people

Name = tuple[str | None, ...]
"""A sketch without its partition: organization, kind, id, step (or None) and period."""

EXACT_MAX = 300
_OF_NO_VISITOR = ("email_confirmed", "email_failed", "barcode_scanned")
_NOT_OF_A_FUNNEL = ("experiment_exposed", *_OF_NO_VISITOR)
_REMEMBERED_MAX = 500
_OF_EVENTS = {"view": "event", "purchase": "event_buyers"}
_ERROR = 0.0162


def known(entries: Iterable[Entry]) -> dict[Name, int]:
    """Numbers of visitors, or of users, per day and month in UTC, from the first 500 events of each
    session."""
    visitors: dict[Name, set[str]] = defaultdict(set)
    sessions: dict[Name, set[str]] = defaultdict(set)
    users: dict[Name, str] = {}
    seen: set[Name] = set()
    for entry in entries:
        event, data = entry.event, entry.event["data"]
        if entry.topic != TRACKING or data.get("context", {}).get("bot"):
            continue
        kind, organization = event["event_type"], event.get("organization_id", "default")
        if (organization, event_key(event["event_id"])) in seen:
            continue
        seen.add((organization, event_key(event["event_id"])))
        if kind not in _OF_NO_VISITOR:
            if "user_id" in data:
                users[organization, data["visitor_id"]] = data["user_id"]
            session = sessions[organization, data["visitor_id"], data["session_id"]]
            if len(session) >= _REMEMBERED_MAX:
                continue
            session.add(event["event_id"])
        named: list[Name] = []
        if "funnel_id" in data and kind not in _NOT_OF_A_FUNNEL:
            named.append(("funnel", data["funnel_id"], None))
            user = users.get((organization, data["visitor_id"]))
            if user is not None:
                named.append(("funnel_named", data["funnel_id"], None))
        if kind == "conversion":
            named.append(("funnel_converters", data["funnel_id"], None))
        if kind == "step_entry":
            named.append(("step", data["funnel_id"], data["step_id"]))
        if kind in _OF_EVENTS:
            named.append((_OF_EVENTS[kind], data["event_id"], None))
        day = parse_moment(event["occurred_at"]).astimezone(UTC).date().isoformat()
        for name in named:
            for period in (day, day[:7]):
                visitors[organization, *name, period].add(data["visitor_id"])
                if name[0] == "funnel_named" and user is not None:
                    of_users = organization, "funnel_users", *name[1:], period
                    visitors[of_users].add(user)
    return {name: len(ids) for name, ids in visitors.items()}


def estimates(documents: Iterable[Mapping[str, Any]]) -> dict[Name, Estimate]:
    """The estimates of sketches, over all partitions."""
    by_name = defaultdict(list)
    for document in documents:
        parts = ("organization_id", "kind", "id", "step_id", "period")
        by_name[tuple(document.get(part) for part in parts)].append(document)
    return {name: people(partitions) for name, partitions in by_name.items()}


def assert_sketches(documents: Iterable[Mapping[str, Any]], expected: Mapping[Name, int]) -> None:
    """Small numbers must be exact; of larger ones, about 95 of 100 must lie within their bounds."""
    found = estimates(documents)
    assert found.keys() == expected.keys()
    missed = 0
    for name, number in expected.items():
        estimate, lower, upper = found[name]
        tolerance = 0 if number <= EXACT_MAX else 4 * _ERROR * number
        assert abs(estimate - number) <= tolerance, (name, number, found[name])
        missed += not lower <= number <= upper
    assert missed <= 3 + 0.1 * len(expected)
