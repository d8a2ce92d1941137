"""One recount of segments: reads what is stored and how far it goes, then the log up to there."""

from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from confluent_kafka.admin import AdminClient

from daybook.recount.errors import translated_mongodb_errors
from daybook.recount.fleet import Documents, Fleet
from daybook.recount.helpers import Helpers
from daybook.recount.log import kafka
from daybook.recount.recounted import Document, Marks
from daybook.recount.replay.tables import MEMORY_MIB, Tables
from daybook.recount.segment import stored
from daybook.recount.segment.definitions import Definitions, Version
from daybook.recount.segment.group import SegmentGroup
from daybook.recount.segment.log import SegmentLog
from daybook.recount.segment.replay import SegmentReplay
from daybook.recount.segment.stored import Clock, Progress


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was stored at one moment. `reach`: by place, the offset below which all profiles hold
    everything. `versions` are the documents of `audience_segments`."""

    clocks: Mapping[int, Clock]
    reach: Mapping[int, int]
    definitions: Definitions
    versions: Mapping[str, Document]


class SegmentRecount:
    """The group's log and documents. Each snapshot reads only the messages added since the last."""

    def __init__(
        self,
        kafka_config: Mapping[str, Any],
        documents: Documents,
        group: SegmentGroup,
        report_progress: Progress,
        memory_mib: int = MEMORY_MIB,
    ) -> None:
        """`memory_mib` bounds the memory of this process and those that help it.

        Raises Unreachable, and Unrecountable when the fleet or a topic does not exist.
        """
        self.group = group
        self.fleet = Fleet(documents, group.name)
        self._documents = self.fleet.documents
        self.kafka_config = kafka.quiet(kafka_config)
        self.admin = AdminClient(self.kafka_config)
        self.report_progress = report_progress
        self.fleet.check_cluster(kafka.cluster_id(self.admin))
        self._stack = ExitStack()
        helpers = self._stack.enter_context(Helpers())
        self.tables = Tables(memory_mib)
        self._stack.callback(self.tables.close)
        self.replay = SegmentReplay(self.tables, self.fleet.settings, report_progress)
        self.log = SegmentLog(
            self.kafka_config,
            self.admin,
            self.fleet,
            group,
            self.replay.log,
            helpers,
            report_progress,
        )

    def __enter__(self) -> "SegmentRecount":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def messages(self) -> int:
        """The number of events read so far."""
        return self.replay.log.messages

    def snapshot(self, only: Collection[str] | None = None) -> Snapshot:
        """Reads what is stored, then the rest of the log, and recounts it; `only` these people, if
        they are given.

        The order is: the clocks, the profiles, the rows, the log. So no document is ahead of the
        log, and none is behind its shard's clock.
        """
        clocks = stored.read_clocks(self._documents)
        versions = stored.read_versions(self._documents)
        people = None if only is None else list(only)
        stored.fill_profiles(
            self.tables, stored.read_profiles(self._documents, people), self.report_progress
        )
        stored.fill_rows(
            self.tables, stored.read_rows(self._documents, people), self.report_progress
        )
        definitions = self.log.definitions()
        self.log.read_on()
        reach = self.log.places(_lowest(clocks))
        self.replay.recount(reach, clocks, definitions.versions, only)
        return Snapshot(clocks, reach, definitions, versions)

    def versions(self) -> Snapshot:
        """What is stored of versions by now, and what their topic and the changes say."""
        clocks = stored.read_clocks(self._documents)
        versions = stored.read_versions(self._documents)
        definitions = self.log.definitions()
        self.log.read_on()
        self.replay.log.complete()
        self.replay.prepare()
        return Snapshot(clocks, {}, definitions, versions)

    def count_members(self, version: Version) -> int:
        """The number of rows of the version whose people are members."""
        where = {
            "organization_id": version.organization,
            "segment_id": version.segment,
            "version": version.number,
            "in": True,
        }
        with translated_mongodb_errors():
            return self._documents["segment_members"].count_documents(where)

    def moving(self, people: Collection[str]) -> dict[str, str]:
        """Those of the people who may differ because a member was at work, each with the reason."""
        found = {
            person: "events about them are not evaluated yet"
            for (person,) in self.tables.rows("SELECT person FROM main.touched")
            if person in people
        }
        read = dict[str, str](self.tables.rows("SELECT person, state FROM main.stored_profiles"))
        for now in stored.read_profiles(self._documents, list(people)):
            person = str(now["_id"])
            if now.get("is_changed"):
                found.setdefault(person, "changes of theirs are not published yet")
            elif read.get(person) != stored.state_of(now):
                found.setdefault(person, "they changed during the comparison")
        return found

    def has_members(self) -> bool:
        """Whether the group has members now."""
        return kafka.has_members(self.admin, self.group.name)


def _lowest(clocks: Mapping[int, Clock]) -> Marks:
    """By position, the offset below which all shards hold everything."""
    reaches = [one.reach for one in clocks.values()]
    positions = set[Any]().union(*reaches)
    return {p: min(reach.get(p, 0) for reach in reaches) for p in positions}
