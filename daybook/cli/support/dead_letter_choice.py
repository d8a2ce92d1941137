"""Selects the dead letters that a command line names, and those that may be replayed."""

import consumers
from daybook.cli.support.printing import moment
from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import Documents
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, is_before_boundary
from daybook.engine.protocol.checkpoints import Checkpoints


def select(
    topic: str, records: list[DeadLetterRecord], ids: list[str], reason: str | None
) -> list[DeadLetterRecord]:
    """The records with these ids, else those with this reason, else all; only unreplayed ones.

    Raises DaybookError for an unknown id or reason, and for an id that was replayed already.
    """
    if ids:
        found = (record for id in ids for record in find_unreplayed(records, id))
        return list({record.id: record for record in found}.values())
    if reason and reason not in {record.reason for record in records}:
        known = ", ".join(sorted({record.reason for record in records})) or "none"
        raise DaybookError(f"no dead letter of {topic} has reason {reason}; their reasons: {known}")
    return [
        record
        for record in records
        if record.replayed != "replayed" and reason in (None, record.reason)
    ]


def find_by_id(records: list[DeadLetterRecord], id: str) -> list[DeadLetterRecord]:
    """The record with this full id, or those at this position (one per group).

    Raises DaybookError if there is none, or if the position names two messages.
    """
    matching = [record for record in records if id in (record.id, record.position)]
    if not matching:
        raise DaybookError(f"no dead letter {id}: `daybook dlq list` shows them")
    if len({record.topic_id for record in matching}) > 1:
        raise DaybookError(
            f"{id} is a position in more than one incarnation of the topic: give the full id "
            "(`daybook dlq list --json`)"
        )
    return matching


def find_unreplayed(records: list[DeadLetterRecord], id: str) -> list[DeadLetterRecord]:
    """The unreplayed records of `find_by_id`. Raises DaybookError if all were replayed."""
    matching = find_by_id(records, id)
    unreplayed = [record for record in matching if record.replayed != "replayed"]
    if not unreplayed:
        when = moment(matching[0].replayed_at)
        raise DaybookError(f"{id} was already replayed, at {when}; nothing was sent")
    return unreplayed


def split_at_boundary(
    records: list[DeadLetterRecord], documents: Documents
) -> tuple[list[DeadLetterRecord], list[DeadLetterRecord]]:
    """The records that can be sent, and those that cannot: they belong to groups with state and
    came before partitions were added. Sent to their old partition, such a message could make it
    its key's home partition. Raises Unavailable."""
    stateful = {group.name for group in consumers.FLEET if group.state}
    pairs = {(record.group, record.topic_id) for record in records if record.group in stateful}
    boundaries = {
        (group, topic_id): Checkpoints(group, documents).boundaries(topic_id)
        for group, topic_id in pairs
    }
    sendable: list[DeadLetterRecord] = []
    before_boundary: list[DeadLetterRecord] = []
    for record in records:
        is_before = is_before_boundary(record, boundaries.get((record.group, record.topic_id), ()))
        (before_boundary if is_before else sendable).append(record)
    return sendable, before_boundary
