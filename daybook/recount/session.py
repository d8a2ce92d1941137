"""One recount: reads what is stored and how far it goes, then the log up to there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from confluent_kafka.admin import AdminClient

from daybook.recount.compare import stored
from daybook.recount.compare.coverage import Coverage
from daybook.recount.compare.parts import number_of_parts
from daybook.recount.compare.spool import Spool
from daybook.recount.days import Days
from daybook.recount.errors import Unrecountable, translated_mongodb_errors
from daybook.recount.fleet import Documents, Fleet
from daybook.recount.groups import Group
from daybook.recount.helpers import Helpers, Result, Task
from daybook.recount.log import definitions, kafka, pins
from daybook.recount.log.messages import LogReader, parse_and_encode
from daybook.recount.log.topic import Topic
from daybook.recount.progress import Gap
from daybook.recount.recounted import Document, Marks, Name, marks
from daybook.recount.replay.model import Model
from daybook.recount.replay.replay import Replay
from daybook.recount.replay.strays import strays
from daybook.recount.replay.tables import MEMORY_MIB

Progress = Callable[[str, int, int], None]
"""A callback: what is being done, how much of it is done, the total (0 if unknown)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was stored at one moment, and how far each document must have counted by then."""

    days: Days
    coverage: Coverage
    gaps: tuple[Gap, ...]
    versions: Mapping[str, int]
    """The model version that the group's documents are complete for, by collection."""
    documents: dict[Name, Document]
    states: dict[str, Spool]
    """By collection."""
    sketches: dict[str, list[Document]]
    """By name, which is the documents' `_id` without topic id and partition."""

    @property
    def reach(self) -> Marks:
        """The last offset that every document has counted, by partition."""
        return self.coverage.reach


class Recount:
    """A group's log and documents. Each snapshot reads only the messages added since the last."""

    def __init__(
        self,
        kafka_config: Mapping[str, Any],
        documents: Documents,
        group: Group,
        report_progress: Progress,
        memory_mib: int = MEMORY_MIB,
    ) -> None:
        """`memory_mib` bounds the memory of this process and those that help it.

        Raises Unreachable, and Unrecountable when the fleet or its topic does not exist.
        """
        self.group = group
        self.fleet = Fleet(documents, group.name)
        self._kafka_config = kafka.quiet(kafka_config)
        self.admin = AdminClient(self._kafka_config)
        self.report_progress = report_progress
        self.fleet.check_cluster(kafka.cluster_id(self.admin))
        self._log = LogReader(group.name, group.event_types, group.data_fields)
        self._topic = self.topic()
        self.parts = number_of_parts(self._topic.messages)
        self._read_to: dict[int, int] = {}
        self._stack = ExitStack()
        self._spools = self._stack.enter_context(ExitStack())
        self._helpers = self._stack.enter_context(Helpers())
        self.replay = self._stack.enter_context(
            Replay(
                group.rules,
                self.fleet.settings,
                memory_mib=memory_mib,
                parts=self.parts,
                report=partial(report_progress, "recounting"),
            )
        )
        self.models = self.replay.models

    def __enter__(self) -> "Recount":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def messages(self) -> int:
        """The number of events read so far."""
        return self.replay.messages

    @property
    def state_models(self) -> list[Model]:
        """The models of the collections whose documents the rules give whole."""
        return [self.models[collection] for collection in self.group.rules.whole_documents]

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """What a function gives for each task, in order: in other processes, unless so little is to
        be done that starting them would take longer."""
        if self.parts == 1:
            return map(function, tasks)
        return self._helpers.map(function, tasks)

    def begin(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> Iterator[Result]:
        """Like `map`, for tasks that are done meanwhile."""
        if self.parts == 1:
            return map(function, tasks)
        return self._helpers.begin(function, tasks)

    def topic(self) -> Topic:
        """The topic as it is now."""
        return kafka.describe(self.admin, self.group.topic)

    def counted(self, topic: Topic) -> Marks:
        """By partition, the last offset that the group has certainly counted."""
        reach = {p: offset - 1 for p, offset in self.fleet.progress().next_offsets.items()}
        metadata = f"{self.fleet.id}|{topic.id}"
        commits = kafka.committed(self._kafka_config, self.group.name, topic, metadata)
        for number, offset in commits.items():
            position = topic.id, number
            reach[position] = max(reach.get(position, -1), offset - 1)
        return reach

    def snapshot(self, days: Days, *, with_states: bool) -> Snapshot:
        """Reads what is stored, then the rest of the log, and replays it.

        The order is: how far the group has counted, the documents, the dead letters, the log. So
        no document is ahead of the log, and none is behind the group's position.
        """
        reach = self.counted(self.topic())
        documents = {
            (model.collection, str(document["_id"])): document
            for model in self.models.values()
            if not model.is_state
            for document in self._find(model.collection, days)
        }
        self._spools.close()
        states: dict[str, Spool] = {}
        ahead = [(name, marks(document, "applied")) for name, document in documents.items()]
        pinned: list[pins.Row] = []
        searches: dict[str, Iterator[stored.Found]] = {}
        for collection in self.group.rules.whole_documents if with_states else ():
            spool = Spool(self.fleet.documents[collection], self.parts, self.report_progress)
            states[collection] = self._spools.enter_context(spool)
            pins_of = self._topic.id if collection == self.group.pins else ""
            searches[collection] = self.begin(
                stored.search, [stored.Search(path, reach, pins_of) for path in spool.paths]
            )
        for collection, search in searches.items():
            for found in search:
                ahead += [((collection, name), applied) for name, applied in found.ahead]
                pinned += found.pins
        sketches = self._find_sketches(days)
        if self.group.pins and not with_states:
            for document in self._find_pins(self.group.pins):
                pinned.extend(pins.rows(document, self._topic.id))
        self.replay.pin(pinned)
        topic = self.read_on()
        self._exclude_strays(reach)
        gaps = tuple(self.fleet.gaps())
        coverage = Coverage(
            topic,
            self.fleet.progress(),
            gaps,
            reach,
            self.fleet.settings.duplicate_window,
            needs_start=any(m.is_state or m.is_measured for m in self.models.values()),
        )
        self.replay.limit(reach, ahead, with_states=with_states)
        versions = self.fleet.model_versions()
        return Snapshot(days, coverage, gaps, versions, documents, states, sketches)

    def read_on(self) -> Topic:
        """Reads the rest of the log, up to its present end.

        Raises Unrecountable when the topic was recreated meanwhile.
        """
        facts = self.fleet.facts(self._topic.id)
        self.replay.exclude_dead(facts.dead)
        topic = self.topic()
        if topic.id != self._topic.id:
            raise Unrecountable(f"{topic.name} was deleted and recreated while it was read")
        spans = {
            number: (max(start, self._read_to.get(number, 0)), topic.ends[number])
            for number, start in topic.starts.items()
        }
        total = sum(max(0, end - start) for start, end in spans.values())
        done = 0
        batches = (
            self._log.batch(messages, facts)
            for messages in kafka.read(self._kafka_config, topic.name, spans)
        )
        for parsed in self.map(parse_and_encode, batches):
            self.replay.add(topic.id, parsed.rows)
            self._log.unreadable += parsed.unreadable
            done += parsed.read
            self.report_progress("reading the log", done, total)
        self._read_to = dict(topic.ends)
        if self.group.definitions:
            self._read_definitions(self.group.definitions)
        return topic

    def _read_definitions(self, name: str) -> None:
        """Reads the whole topic of definitions, which is small.

        It runs after the documents are read, so every definition they are pinned to is there.
        Raises Unrecountable when the beginning of the topic is gone.
        """
        topic = kafka.describe(self.admin, name)
        if any(topic.starts.values()):
            raise Unrecountable(f"the beginning of the log of {name} is gone")
        facts = self.fleet.facts(topic.id)
        reader = LogReader(self.group.name, definitions.EVENT_TYPES, definitions.DATA_FIELDS)
        spans = {number: (0, end) for number, end in topic.ends.items()}
        rows: list[definitions.Row] = []
        for messages in kafka.read(self._kafka_config, topic.name, spans):
            rows += definitions.rows(topic.id, reader.read(messages, facts))
        self.replay.define(rows)

    def _exclude_strays(self, reach: Marks) -> None:
        self.replay.limit(reach)
        for model in self.state_models:
            if "home" not in model.fields:
                continue
            find = partial(self._find_homes, model.collection)
            if found := strays(self.replay, model.collection, find):
                self.replay.exclude_dead(found)

    def _find_homes(self, name: str, ids: Sequence[str]) -> list[Document]:
        fields = {"home": 1, "_daybook.applied": 1}
        with translated_mongodb_errors():
            return list(self.fleet.documents[name].find({"_id": {"$in": list(ids)}}, fields))

    def unreadable(self, reach: Marks) -> Iterable[str]:
        """Why messages below `reach` can be neither counted nor found among the dead letters."""
        dead = self.fleet.facts(self._topic.id).dead
        for number, offset, reason in self._log.unreadable + self.replay.results.unreadable():
            counted = offset <= reach.get((self._topic.id, number), -1)
            if counted and offset not in dead.get(number, ()):
                where = f"{self.group.topic}[{number}] offset {offset}"
                yield f"{where} was skipped, but is not a dead letter: {reason}"

    def _find_sketches(self, days: Days) -> dict[str, list[Document]]:
        """The sketches of the current topic, by name. Members add a visitor to the sketches before
        a count is durable, so these hold at least everybody counted up to `reach`."""
        sketches: dict[str, list[Document]] = {}
        if not self.group.sketches:
            return sketches
        query = {
            "topic_id": self._topic.id,
            "period": {"$gte": days.first or "", "$lte": days.last or "~"},
        }
        with translated_mongodb_errors():
            for sketch in self.fleet.documents[self.group.sketches].find(query):
                sketches.setdefault(str(sketch["_id"]).rsplit(":", 2)[0], []).append(sketch)
        return sketches

    def _find_pins(self, name: str) -> Iterable[Document]:
        """The states with pins. Read after the documents, because members write a pin before they
        count by it."""
        with translated_mongodb_errors():
            yield from self.fleet.documents[name].find(
                {"pins": {"$gt": {}}}, {"pins": 1, "definitions": 1}
            )

    def _find(self, name: str, days: Days) -> Iterable[Document]:
        collection = self.fleet.documents[name]
        with translated_mongodb_errors():
            ids = [document["_id"] for document in collection.find({}, {"_id": 1})]
            chosen = [document_id for document_id in ids if days.include(str(document_id))]
            return list(collection.find({} if days.are_all else {"_id": {"$in": chosen}}))
