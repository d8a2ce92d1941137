"""What a member does between two polls."""

from unittest.mock import Mock

import pytest

import consumers
from daybook.engine.batch import Batch
from daybook.engine.member import member
from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.member.member import Member
from daybook.engine.partition import Partition
from daybook.engine.protocol.settle import Settled
from daybook.engine.settings import Settings


def test_progress_is_committed_while_other_partitions_still_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A round over many partitions may take minutes on a busy machine."""
    monkeypatch.setattr(member, "COMMIT_SECONDS", 0.0)
    starter, committer = Mock(), Mock()
    starter.topic_ids.return_value = {"t": "id"}
    own = consumers.find("revenue"), Settings(), Mock()
    one = Member(*own, starter, committer, Mock(), Mock(), Mock())
    one.end_of = Mock(return_value=1)  # type: ignore[method-assign]
    for number in range(3):
        place = Partition("t", "id", number)
        decoder, settler = Mock(), Mock()
        decoder.decode.return_value = Batch(place, 1)
        settler.settle.return_value = Settled()
        assigned = AssignedPartition(place, decoder, settler, first=0, durable=0, read=1)
        one.assignment.assigned[place.topic, number] = assigned
    commits: list[list[int]] = []
    committer.commit.side_effect = lambda partitions: commits.append(
        [p.durable for p in partitions]
    )
    one._flush()
    assert commits == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
