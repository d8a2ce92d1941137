"""What the second stage sends: items to other shards, and changes of memberships."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from daybook.engine.kafka.feed_producer import FeedProducer
from daybook.segments.change_event import change_event
from daybook.segments.feed import FeedItem, pack, shard_of
from daybook.segments.stage.profiles import person_of


class Outputs:
    """`feed` and `changes` are producers to these topics. Every method raises Unavailable."""

    def __init__(self, feed: FeedProducer, changes: FeedProducer) -> None:
        self._feed = feed
        self._changes = changes

    def send(self, items: Sequence[FeedItem]) -> None:
        """Sends items to the shards of their profiles, durably."""
        by_shard: dict[int, list[FeedItem]] = {}
        for item in items:
            by_shard.setdefault(shard_of(item.profile), []).append(item)
        self._feed.send({shard: pack(None, own) for shard, own in by_shard.items()})

    def publish(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Publishes changes durably, those of a person in their order."""
        self._changes.send_keyed(_messages(changes))


def _messages(changes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[bytes, bytes]]:
    for change in changes:
        event = change_event(change, *person_of(change["profile"]))
        yield event["data"]["person"].encode(), json.dumps(event).encode()
