"""Reads the fleet's own records: its settings, how far it has counted, which gaps it accepted."""

from collections import defaultdict
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.read_concern import ReadConcern

from daybook.recount.errors import Unrecountable, translated_mongodb_errors
from daybook.recount.log.messages import Facts
from daybook.recount.progress import Gap, Progress
from daybook.recount.settings import Settings

Documents = Database[dict[str, Any]]

_BOOKKEEPING = "_daybook"
_WRITE_TIMEOUT_MS = 10_000


class Fleet:
    """The fleet's own records, read with majority concern. Every method raises Unreachable."""

    def __init__(self, documents: Documents, group: str) -> None:
        """Raises Unrecountable when nothing was ever counted into the database, or nothing by
        this group."""
        self.documents: Documents = documents.with_options(
            codec_options=CodecOptions(tz_aware=True),
            read_preference=ReadPreference.PRIMARY,
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern(w="majority", j=True, wtimeout=_WRITE_TIMEOUT_MS),
        )
        self._group = group
        fleet = self._find("fleet")
        if fleet is None:
            raise Unrecountable(f"nothing was ever counted into database {documents.name}")
        if self._find(f"group:{group}") is None:
            raise Unrecountable(f"no member of {group} ever ran on database {documents.name}")
        self.id = str(fleet["fleet"])
        self.cluster_id = str(fleet["cluster_id"])
        bound = fleet["settings"]
        self.settings = Settings(
            zone=bound["zone"],
            leader_roles=tuple(bound["leader_roles"]),
            duplicate_window=bound["duplicate_window"],
            map_keys_max=bound.get("map_keys_max", Settings().map_keys_max),
            order_waiting_max=bound.get("order_waiting_max", Settings().order_waiting_max),
        )

    def check_cluster(self, cluster: str) -> None:
        """Raises Unrecountable for another Kafka cluster than that of the fleet."""
        if cluster != self.cluster_id:
            raise Unrecountable(
                f"database {self.documents.name} was counted from Kafka cluster "
                f"{self.cluster_id}, but this is cluster {cluster}"
            )

    def model_versions(self) -> dict[str, int]:
        """The model version that the group's documents are complete for, by collection."""
        return dict((self._find(f"group:{self._group}") or {}).get("models", {}))

    def raise_model_versions(self, versions: dict[str, int]) -> None:
        """Records that the group's documents are now complete for these versions."""
        with translated_mongodb_errors():
            self.documents[_BOOKKEEPING].update_one(
                {"_id": f"group:{self._group}"},
                {"$max": {f"models.{name}": version for name, version in versions.items()}},
            )

    def progress(self) -> Progress:
        """The group's checkpoints, of all topic incarnations."""
        checkpoints = self._find_many("checkpoint")
        return Progress(
            {(c["topic_id"], c["partition"]): c["offset"] for c in checkpoints},
            {(c["topic_id"], c["partition"]): c["first"] for c in checkpoints},
        )

    def gaps(self) -> list[Gap]:
        """The gaps accepted for the group."""
        return [
            Gap(g["topic"], g["topic_id"], g["partition"], g["from"], g["to"])
            for g in self._find_many("gap")
        ]

    def facts(self, topic_id: str) -> Facts:
        """The dead letters and partition boundaries recorded for a topic."""
        dead: dict[int, set[int]] = defaultdict(set)
        with translated_mongodb_errors():
            records = self.documents["_daybook_dead_letters"].find(
                {"group": self._group, "topic_id": topic_id}, {"partition": 1, "offset": 1}
            )
            for record in records:
                dead[record["partition"]].add(record["offset"])
        recorded = (self._find(f"boundaries:{topic_id}") or {}).get("boundaries", [])
        return Facts(
            {partition: frozenset(offsets) for partition, offsets in dead.items()},
            tuple({int(p): end for p, end in b["ends"].items()} for b in recorded),
        )

    def excluded(self) -> list[str]:
        """The messages that an operator excluded for the group."""
        where = {"group": self._group, "reason": "excluded"}
        with translated_mongodb_errors():
            records = self.documents["_daybook_dead_letters"].find(where)
            return sorted(f"{r['topic']}[{r['partition']}] offset {r['offset']}" for r in records)

    def _find(self, name: str) -> dict[str, Any] | None:
        with translated_mongodb_errors():
            return self.documents[_BOOKKEEPING].find_one({"_id": name})

    def _find_many(self, kind: str) -> list[dict[str, Any]]:
        prefix = f"{kind}:{self._group}:"
        with translated_mongodb_errors():
            return list(
                self.documents[_BOOKKEEPING].find(
                    {"_id": {"$gte": prefix, "$lt": f"{prefix[:-1]};"}}
                )
            )
