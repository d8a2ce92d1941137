"""Which dead letters somebody means, and which of them may be replayed."""

import consumers
from daybook.cli.support.printing import moment
from daybook.engine.errors import DaybookError
from daybook.engine.mongo.client import Documents
from daybook.engine.operations.dead_letter_records import DeadLetterRecord, is_before_boundary
from daybook.engine.protocol.checkpoints import Checkpoints


def choose(
    topic: str, found: list[DeadLetterRecord], ids: list[str], reason: str | None
) -> list[DeadLetterRecord]:
    """Those of the ids, or of the reason, or all that were not replayed.

    Raises DaybookError for an id or a reason that there is not, and for one replayed already.
    """
    if ids:
        return list({one.id: one for id in ids for one in unreplayed(found, id)}.values())
    if reason and reason not in {one.reason for one in found}:
        known = ", ".join(sorted({one.reason for one in found})) or "none"
        raise DaybookError(f"no dead letter of {topic} has reason {reason}: there are {known}")
    return [one for one in found if one.replayed != "replayed" and reason in (None, one.reason)]


def named(found: list[DeadLetterRecord], id: str) -> list[DeadLetterRecord]:
    """The dead letters of that full id, or at that position (one a group).

    Raises DaybookError when there is none, and when the position names two messages.
    """
    chosen = [one for one in found if id in (one.id, one.position)]
    if not chosen:
        raise DaybookError(f"no dead letter {id}: `daybook dlq list` names those there are")
    if len({one.topic_id for one in chosen}) > 1:
        raise DaybookError(
            f"{id} is a position in more than one incarnation of the topic: give the full id "
            "(`daybook dlq list --json`)"
        )
    return chosen


def unreplayed(found: list[DeadLetterRecord], id: str) -> list[DeadLetterRecord]:
    """Those of `named` that may be replayed. Raises DaybookError when all of them were."""
    chosen = named(found, id)
    left = [one for one in chosen if one.replayed != "replayed"]
    if not left:
        when = moment(chosen[0].replayed_at)
        raise DaybookError(f"{id} was replayed already, at {when}; nothing was sent")
    return left


def part(
    letters: list[DeadLetterRecord], documents: Documents
) -> tuple[list[DeadLetterRecord], list[DeadLetterRecord]]:
    """Those that can be sent, and those of groups with state that came before partitions were
    added: sent to their old partition, they could make it their key's home. Raises Unavailable."""
    with_state = {group.name for group in consumers.FLEET if group.state}
    places = {(one.group, one.topic_id) for one in letters if one.group in with_state}
    boundaries = {place: Checkpoints(place[0], documents).boundaries(place[1]) for place in places}
    sendable: list[DeadLetterRecord] = []
    moved: list[DeadLetterRecord] = []
    for one in letters:
        before = is_before_boundary(one, boundaries.get((one.group, one.topic_id), ()))
        (moved if before else sendable).append(one)
    return sendable, moved
