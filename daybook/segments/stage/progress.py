"""How far the sources are counted, and how far the feed is taken into profiles."""

from collections.abc import Hashable, Mapping, Sequence

from confluent_kafka.admin import AdminClient

from daybook.engine.errors import Gap
from daybook.engine.kafka.admin import log_bounds, topic_ids
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.member.caught_up import log_ends
from daybook.engine.protocol.checkpoints import Checkpoints
from daybook.segments.stage.clocks import REMEDY, Clocks


class SourceProgress:
    """The topics that the group counts. Implements `Progress`."""

    def __init__(
        self, client: AdminClient, topics: Sequence[str], checkpoints: Checkpoints
    ) -> None:
        self._client = client
        self._topics = list(topics)
        self._checkpoints = checkpoints

    def ends(self) -> Mapping[Hashable, int]:
        return dict(log_ends(self._client, self._topics))

    def reached(self) -> Mapping[Hashable, int]:
        return dict(self._checkpoints.all())


class FeedProgress:
    """The feed, by shard. Implements `Progress`."""

    def __init__(self, client: AdminClient, topic: str, topic_id: str, clocks: Clocks) -> None:
        self._client = client
        self._topic = topic
        self._topic_id = topic_id
        self._clocks = clocks

    def check(self) -> None:
        """Raises Gap if the topic was deleted, or made again, and Unavailable."""
        if topic_ids(self._client, [self._topic]).get(self._topic) != self._topic_id:
            raise self._gone()

    def ends(self) -> Mapping[Hashable, int]:
        """Raises as `check` does."""
        self.check()
        return {shard: held.high for shard, held in self.bounds().items()}

    def bounds(self) -> dict[int, LogBounds]:
        """What the feed holds of each shard. Raises Unavailable, and Gap if the topic is gone."""
        found = log_bounds(self._client, [self._topic])
        if not found:
            raise self._gone()
        return {number: held for (_, number), held in found.items()}

    def reached(self) -> Mapping[Hashable, int]:
        return {shard: clock.next for shard, clock in self._clocks.all().items()}

    def _gone(self) -> Gap:
        return Gap(f"{self._topic} was deleted, or made again. {REMEDY}")
