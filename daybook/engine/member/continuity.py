"""Notices that the database went back: that it was restored to an earlier moment.

What a member remembers (offsets, batches, definitions) is then ahead of what the database holds.
Two signs are enough. A checkpoint is lower than the last one written; or the primary is another
process, since a restore of the servers' files ends every connection (see `mongo.fence`).
"""

from collections.abc import Collection

from daybook.engine import bookkeeping
from daybook.engine.errors import StartAgain, Unavailable
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.mongo.client import reachable
from daybook.engine.mongo.fence import Fence
from daybook.engine.protocol.checkpoints import Checkpoint, Checkpoints


class Continuity:
    """Compares what a member wrote with what the database holds, in one read for all partitions."""

    def __init__(self, fleet: str, checkpoints: Checkpoints, fence: Fence) -> None:
        self._fleet = fleet
        self._checkpoints = checkpoints
        self._fence = fence
        self._had_record = True

    def renew(self) -> None:
        """Accepts the current primary, before anything is read from it. Raises Unavailable."""
        with reachable():
            self._fence.renew()

    def check(self, partitions: Collection[AssignedPartition]) -> None:
        """Raises StartAgain if the database went back, Unavailable, and FleetMismatch.

        A partition without a checkpoint gets one first, so that there is something to compare.
        """
        new = [one for one in partitions if one.saved is None]
        self._checkpoints.save(Checkpoint(one.partition, one.first, one.durable) for one in new)
        for one in new:
            one.saved = one.durable
        stored = self._stored(partitions)
        if not self._had_record:
            self._had_record = True
            raise StartAgain("the fleet's record was missing for a while")
        if any(_found(one, stored) < (one.saved or 0) for one in partitions):
            raise StartAgain("a checkpoint is lower than the last one written")

    def ahead(self, partitions: Collection[AssignedPartition]) -> list[AssignedPartition]:
        """The partitions of which more was counted, or begun, than the stored checkpoints cover.

        Raises StartAgain and Unavailable.
        """
        stored = self._stored(partitions)
        return [one for one in partitions if one.batch or _found(one, stored) < one.durable]

    def _stored(self, partitions: Collection[AssignedPartition]) -> dict[tuple[str, int], int]:
        stored = self._checkpoints.stored((one.partition for one in partitions), self._fleet)
        if stored is None:
            self._had_record = False
            raise Unavailable(
                f"MongoDB: {bookkeeping.FLEET} has no record of this fleet: the database "
                "(DAYBOOK_MONGODB_DATABASE) was dropped, or is being restored"
            )
        return stored


def _found(one: AssignedPartition, stored: dict[tuple[str, int], int]) -> int:
    return stored.get((one.partition.topic_id, one.partition.number), -1)
