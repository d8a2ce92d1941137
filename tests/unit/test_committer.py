"""What Kafka took is known for each partition by itself."""

from types import SimpleNamespace
from unittest.mock import Mock

from confluent_kafka import KafkaError, KafkaException

from engine.committer import Committer
from engine.owned import Owned
from engine.partition import Partition

REFUSED = KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)


def owned(number: int) -> Owned:
    return Owned(Partition("t", "id", number), Mock(), Mock(), first=0, durable=7, read=7)


def test_a_partition_that_kafka_refuses_is_committed_again() -> None:
    client, one, other = Mock(), owned(0), owned(1)
    committer = Committer("g", "fleet", client, Mock())
    client.now.commit.return_value = [
        SimpleNamespace(topic="t", partition=0, error=None),
        SimpleNamespace(topic="t", partition=1, error=REFUSED),
    ]
    committer.commit([one, other])
    assert (one.committed, other.committed) == (7, -1)
    client.now.commit.return_value = [SimpleNamespace(topic="t", partition=1, error=None)]
    committer.commit([one, other])
    assert [p.partition for p in client.now.commit.call_args.kwargs["offsets"]] == [1]
    assert other.committed == 7


def test_what_kafka_refuses_altogether_is_committed_again() -> None:
    client, one = Mock(), owned(0)
    client.now.commit.side_effect = KafkaException(REFUSED)
    Committer("g", "fleet", client, Mock()).commit([one])
    assert one.committed == -1
