"""One recount under way: what is stored and how far it goes, then the log up to there."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any

from confluent_kafka.admin import AdminClient

from daybook.recount.compare.coverage import Coverage
from daybook.recount.compare.spool import Spool
from daybook.recount.days import Days
from daybook.recount.errors import Unrecountable, asking_mongodb
from daybook.recount.fleet import Documents, Fleet, Gap
from daybook.recount.groups import Group
from daybook.recount.log import definitions, kafka, pins
from daybook.recount.log.messages import LogReader
from daybook.recount.recounted import Document, Marks, Name, marks
from daybook.recount.replay.model import Model
from daybook.recount.replay.replay import Replay
from daybook.recount.replay.strays import strays

Progress = Callable[[str, int, int], None]
"""What is being done, how much of it is done, how much there is to do."""

_CRITICAL = 2
"""The client's own log: what it cannot do is raised, and told once."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was stored at one moment, and how far every document must be by then."""

    days: Days
    coverage: Coverage
    gaps: tuple[Gap, ...]
    versions: Mapping[str, int]
    """The model version that the group's documents are complete for, by collection."""
    documents: dict[Name, Document]
    states: dict[str, Spool]
    """By collection."""
    sketches: dict[str, list[Document]]
    """By name, which is their `_id` without topic id and partition."""

    @property
    def reach(self) -> Marks:
        return self.coverage.reach


class Recount:
    """A group's log and documents. The log is read on, never again, at each further snapshot."""

    def __init__(
        self, kafka_config: Mapping[str, Any], documents: Documents, group: Group, tell: Progress
    ) -> None:
        """Raises Unreachable, and Unrecountable when there is nothing to recount by."""
        self.group = group
        self.fleet = Fleet(documents, group.name)
        self._kafka_config = dict(kafka_config) | {"log_level": _CRITICAL}
        self.admin = AdminClient(self._kafka_config)
        self.report_progress = tell
        cluster = kafka.cluster_id(self.admin)
        if cluster != self.fleet.cluster_id:
            raise Unrecountable(
                f"database {documents.name} was counted from Kafka cluster "
                f"{self.fleet.cluster_id}, and this is cluster {cluster}"
            )
        self._log = LogReader(group.name, group.data_fields)
        self._topic = self.topic()
        self._read_to: dict[int, int] = {}
        self._stack = ExitStack()
        self._spools = self._stack.enter_context(ExitStack())
        self.replay = self._stack.enter_context(
            Replay(group.files, self.fleet.settings, group.stages, group.told)
        )
        self.replay.run(self._topic.id)
        self.models = self.replay.models()

    def __enter__(self) -> "Recount":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def messages(self) -> int:
        """How many events were read so far."""
        return self.replay.messages

    @property
    def state_models(self) -> list[Model]:
        """What states should be."""
        return [self.models[collection] for collection in self.group.told]

    def topic(self) -> kafka.Topic:
        """The topic as it is now."""
        return kafka.describe(self.admin, self.group.topic)

    def counted(self, topic: kafka.Topic) -> Marks:
        """The last offset that the group has surely counted, by partition."""
        reach = {p: offset - 1 for p, offset in self.fleet.progress().next_offsets.items()}
        metadata = f"{self.fleet.id}|{topic.id}"
        commits = kafka.committed(self._kafka_config, self.group.name, topic, metadata)
        for number, offset in commits.items():
            position = topic.id, number
            reach[position] = max(reach.get(position, -1), offset - 1)
        return reach

    def snapshot(self, days: Days, *, with_states: bool) -> Snapshot:
        """Reads what is stored, then the log on to its end, and replays it.

        First how far the group has come, then the documents, then what is dead, then the log:
        so no document is further than the log, and each is at least as far as the group was.
        """
        reach = self.counted(self.topic())
        documents = {
            (model.collection, str(found["_id"])): found
            for model in self.models.values()
            if not model.is_state
            for found in self._find(model.collection, days)
        }
        self._spools.close()
        states = {
            name: self._spools.enter_context(
                Spool(self.fleet.documents[name], self.report_progress)
            )
            for name in (self.group.told if with_states else ())
        }
        sketches = self._find_sketches(days)
        if self.group.pins:
            kept = states.get(self.group.pins) or self._find_pins(self.group.pins)
            self.replay.pin(pins.rows(kept, self._topic.id))
        topic = self.read_on()
        self._leave_out_strays(reach)
        gaps = tuple(self.fleet.gaps())
        coverage = Coverage(
            topic,
            self.fleet.progress(),
            gaps,
            reach,
            self.fleet.settings.duplicate_window,
            needs_start=any(m.is_state or m.is_measured for m in self.models.values()),
        )
        self.replay.limit(reach, ((name, marks(d, "applied")) for name, d in documents.items()))
        return Snapshot(days, coverage, gaps, self.fleet.models(), documents, states, sketches)

    def read_on(self) -> kafka.Topic:
        """Reads the log to its present end and replays it whole.

        Raises Unrecountable when the topic was made anew meanwhile.
        """
        facts = self.fleet.facts(self._topic.id)
        self.replay.exclude_dead(facts.dead)
        topic = self.topic()
        if topic.id != self._topic.id:
            raise Unrecountable(f"{topic.name} was deleted and made again while it was read")
        spans = {
            number: (max(start, self._read_to.get(number, 0)), topic.ends[number])
            for number, start in topic.starts.items()
        }
        total = sum(max(0, end - start) for start, end in spans.values())
        done = 0
        for messages in kafka.read(self._kafka_config, topic.name, spans):
            self.replay.add(topic.id, self._log.read(messages, facts))
            done += len(messages)
            self.report_progress("reading the log", done, total)
        self._read_to = dict(topic.ends)
        if self.group.definitions:
            self._read_definitions(self.group.definitions)
        self.report_progress("replaying", 0, 0)
        self.replay.run(topic.id)
        return topic

    def _read_definitions(self, name: str) -> None:
        """After the documents: so whatever was pinned for them is there. The topic is small.

        Raises Unrecountable when some of it is gone.
        """
        topic = kafka.describe(self.admin, name)
        if any(topic.starts.values()):
            raise Unrecountable(f"the log of {name} does not begin at its start any more")
        facts = self.fleet.facts(topic.id)
        reader = LogReader(self.group.name, definitions.DATA_FIELDS)
        spans = {number: (0, end) for number, end in topic.ends.items()}
        found: list[definitions.Row] = []
        for messages in kafka.read(self._kafka_config, topic.name, spans):
            found += definitions.rows(topic.id, reader.read(messages, facts))
        self.replay.define(found)

    def _leave_out_strays(self, reach: Marks) -> None:
        self.replay.limit(reach)
        for model in self.state_models:
            if "home" not in model.fields:
                continue
            find = partial(self._find_homes, model.collection)
            if found := strays(self.replay, model.collection, find):
                self.replay.exclude_dead(found)
                self.replay.run(self._topic.id)

    def _find_homes(self, name: str, ids: Sequence[str]) -> list[Document]:
        fields = {"home": 1, "_daybook.applied": 1}
        with asking_mongodb():
            return list(self.fleet.documents[name].find({"_id": {"$in": list(ids)}}, fields))

    def unreadable(self, reach: Marks) -> Iterable[str]:
        """Messages that were passed by, and are neither counted nor dead letters."""
        dead = self.fleet.facts(self._topic.id).dead
        for number, offset, reason in self._log.unreadable + self.replay.unreadable():
            counted = offset <= reach.get((self._topic.id, number), -1)
            if counted and offset not in dead.get(number, ()):
                yield f"{self.group.topic}[{number}] offset {offset} is no dead letter: {reason}"

    def _find_sketches(self, days: Days) -> dict[str, list[Document]]:
        """Of the topic as it is; whoever is counted is put into them before that is durable."""
        found: dict[str, list[Document]] = {}
        if not self.group.sketches:
            return found
        own = {
            "topic_id": self._topic.id,
            "period": {"$gte": days.first or "", "$lte": days.last or "~"},
        }
        with asking_mongodb():
            for one in self.fleet.documents[self.group.sketches].find(own):
                found.setdefault(str(one["_id"]).rsplit(":", 2)[0], []).append(one)
        return found

    def _find_pins(self, name: str) -> Iterable[Document]:
        """Asked after the documents: a pin is written before what is counted by it."""
        with asking_mongodb():
            yield from self.fleet.documents[name].find(
                {"pins": {"$gt": {}}}, {"pins": 1, "definitions": 1}
            )

    def _find(self, name: str, days: Days) -> Iterable[Document]:
        collection = self.fleet.documents[name]
        with asking_mongodb():
            ids = [found["_id"] for found in collection.find({}, {"_id": 1})]
            chosen = [each for each in ids if days.have(str(each))]
            return list(collection.find({} if days.are_all else {"_id": {"$in": chosen}}))
