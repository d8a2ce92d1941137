"""The log of the topics that segments are evaluated from, as one table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from confluent_kafka.admin import AdminClient

from daybook.recount.compare.parts import number_of_parts
from daybook.recount.errors import Unrecountable
from daybook.recount.fleet import Fleet
from daybook.recount.helpers import Helpers
from daybook.recount.log import kafka
from daybook.recount.log.messages import Batch, LogReader, parse_and_encode
from daybook.recount.log.topic import Topic
from daybook.recount.recounted import Marks, Position
from daybook.recount.replay.log_table import LogTable
from daybook.recount.segment import definitions
from daybook.recount.segment.definitions import Definitions
from daybook.recount.segment.group import SegmentGroup, Source

PLACES_AT_MOST = 100_000
"""Of a topic; so a place tells the topic and the partition."""


@dataclass(slots=True)
class SegmentLog:
    """Reads what was added to the topics since the last time into a table.

    There, a message's partition is a place: that of its topic in the group, and its number. So the
    rules that hold for one topic hold for all of them.
    """

    kafka_config: Mapping[str, Any]
    admin: AdminClient
    fleet: Fleet
    group: SegmentGroup
    table: LogTable
    helpers: Helpers
    report: Any
    topics: list[Topic] = field(default_factory=list)
    unreadable: list[tuple[int, int, str]] = field(default_factory=list)
    _read_to: dict[int, int] = field(default_factory=dict)

    @property
    def all_sources(self) -> tuple[Source, ...]:
        """The sources, and then the changes that were published."""
        return *self.group.sources, self.group.changes

    def places(self, marks: Marks) -> dict[int, int]:
        """Offsets by place of the sources, from those by topic id and partition; 0 where there is
        none."""
        numbers = {topic.id: number for number, topic in enumerate(self.topics)}
        known = {
            numbers[topic_id] * PLACES_AT_MOST + number: offset
            for (topic_id, number), offset in marks.items()
            if topic_id in numbers
        }
        of_changes = len(self.group.sources) * PLACES_AT_MOST
        return {place: known.get(place, 0) for place in self._read_to if place < of_changes}

    def position(self, place: int) -> Position:
        """The topic id and the partition of a place."""
        number, partition = divmod(place, PLACES_AT_MOST)
        return self.topics[number].id, partition

    def name(self, place: int) -> str:
        """How a place is named in a report."""
        number, partition = divmod(place, PLACES_AT_MOST)
        return f"{self.topics[number].name}[{partition}]"

    def read_on(self) -> None:
        """Reads the rest of each topic, up to its present end.

        Raises Unrecountable when a topic was recreated meanwhile.
        """
        known = self.topics
        self.topics = [kafka.describe(self.admin, source.topic) for source in self.all_sources]
        for topic, before in zip(self.topics, known, strict=False):
            if topic.id != before.id:
                raise Unrecountable(f"{topic.name} was deleted and recreated while it was read")
        dead: dict[int, frozenset[int]] = {}
        for number, topic in enumerate(self.topics):
            facts = self.fleet.facts(topic.id)
            dead |= {number * PLACES_AT_MOST + p: offsets for p, offsets in facts.dead.items()}
        self.table.exclude_dead(dead)
        total = sum(topic.messages for topic in self.topics)
        done = sum(self._read_to.values())
        # Other processes take longer to start than a short log to be read.
        is_short = number_of_parts(total) == 1
        read = (map if is_short else self.helpers.map)(parse_and_encode, self._batches())
        for parsed in read:
            self.table.add(parsed.rows)
            self.unreadable += parsed.unreadable
            done += parsed.read
            self.report("reading the log", done, total)
        for number, topic in enumerate(self.topics):
            ends = {number * PLACES_AT_MOST + p: end for p, end in topic.ends.items()}
            self._read_to.update(ends)

    def _batches(self) -> Iterator[Batch]:
        for number, (topic, source) in enumerate(zip(self.topics, self.all_sources, strict=True)):
            base = number * PLACES_AT_MOST
            facts = self.fleet.facts(topic.id)
            reader = LogReader(self.group.name, source.event_types, source.data_fields)
            spans = {
                partition: (
                    max(start, self._read_to.get(base + partition, 0)),
                    topic.ends[partition],
                )
                for partition, start in topic.starts.items()
            }
            for messages in kafka.read(self.kafka_config, topic.name, spans):
                batch = reader.batch(messages, facts)
                moved = [(base + one[0], *one[1:]) for one in batch.messages]
                yield replace(batch, messages=moved)

    def definitions(self) -> Definitions:
        """Everything that the topic of definitions says by now.

        Raises Unrecountable when the beginning of the topic is gone.
        """
        topic = kafka.describe(self.admin, self.group.definitions)
        if any(topic.starts.values()):
            raise Unrecountable(f"the beginning of the log of {topic.name} is gone")
        reader = LogReader(self.group.name, definitions.EVENT_TYPES, definitions.DATA_FIELDS)
        facts, found = self.fleet.facts(topic.id), Definitions()
        for messages in kafka.read(
            self.kafka_config, topic.name, {n: (0, end) for n, end in topic.ends.items()}
        ):
            found.take(reader.read(messages, facts))
        return found
