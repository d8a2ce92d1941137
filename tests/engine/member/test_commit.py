"""Commits that Kafka refuses are repeated, for each partition by itself."""

from types import SimpleNamespace
from unittest.mock import Mock

from confluent_kafka import KafkaError, KafkaException

from daybook.engine.member.assigned_partition import AssignedPartition
from daybook.engine.member.commit import Committer
from daybook.engine.partition import Partition

REFUSED = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)


def assigned(number: int) -> AssignedPartition:
    return AssignedPartition(
        Partition("t", "id", number), Mock(), Mock(), first=0, durable=7, read=7
    )


def test_a_partition_that_kafka_refuses_is_committed_again() -> None:
    consumer, one, other = Mock(), assigned(0), assigned(1)
    committer = Committer("g", "fleet", consumer, Mock())
    consumer.current.commit.return_value = [
        SimpleNamespace(topic="t", partition=0, error=None),
        SimpleNamespace(topic="t", partition=1, error=REFUSED),
    ]
    committer.commit([one, other])
    assert (one.committed, other.committed) == (7, -1)
    consumer.current.commit.return_value = [SimpleNamespace(topic="t", partition=1, error=None)]
    committer.commit([one, other])
    assert [p.partition for p in consumer.current.commit.call_args.kwargs["offsets"]] == [1]
    assert other.committed == 7


def test_a_refused_commit_is_repeated() -> None:
    consumer, one = Mock(), assigned(0)
    consumer.current.commit.side_effect = KafkaException(REFUSED)
    Committer("g", "fleet", consumer, Mock()).commit([one])
    assert one.committed == -1
