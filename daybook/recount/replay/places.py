"""Finds the log positions of the messages that belong to the keys of state documents."""

from collections.abc import Callable, Sequence
from typing import Any

from daybook.recount.recounted import Position
from daybook.recount.replay.tables import Row


class Places:
    """Positions by state document. `rows` runs a query on the replay's tables."""

    def __init__(self, rows: Callable[..., list[Row]]) -> None:
        self._rows = rows

    def spans(
        self, collection: str, documents: Sequence[str]
    ) -> dict[str, dict[Position, tuple[int, int]]]:
        """By document and partition, the first and last offset of messages within the limits."""
        spans: dict[str, dict[Position, tuple[int, int]]] = {}
        for document, topic_id, partition, first, last in self._rows(
            f"""
            SELECT e.document, e.topic_id, e.partition, min("offset"), max("offset")
            {_of_keys(collection)} AND "offset" <= greatest(r.last, c.last)
            GROUP BY ALL
            """,
            [list(documents)],
        ):
            spans.setdefault(document, {})[topic_id, partition] = first, last
        return spans

    def beyond(self, collection: str) -> list[tuple[str, str, int, int, int]]:
        """Messages beyond `reach` whose key also has messages in another partition, of the same
        epoch or a later one: document, topic id, partition, offset, epoch."""
        return list(
            self._rows(
                f"""
                WITH places AS (
                    SELECT document, epoch, topic_id, partition,
                        max("offset") > any_value(coalesce(last, -1)) AS is_beyond
                    FROM {collection}_messages LEFT JOIN reach USING (topic_id, partition)
                    GROUP BY ALL
                ),
                in_two_partitions AS (
                    SELECT DISTINCT document
                    FROM places AS a JOIN places AS b USING (document)
                    WHERE a.is_beyond AND a.partition <> b.partition AND b.epoch >= a.epoch
                )
                SELECT document, topic_id, partition, "offset", epoch
                FROM {collection}_messages
                SEMI JOIN in_two_partitions USING (document)
                LEFT JOIN reach USING (topic_id, partition)
                WHERE "offset" > coalesce(last, -1)
                """
            )
        )

    def ahead(self, collection: str, documents: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """By document, the home partitions of its messages beyond the limits."""
        homes: dict[str, list[dict[str, Any]]] = {}
        for document, topic_id, partition, epoch in self._rows(
            f"""
            SELECT DISTINCT e.document, e.topic_id, e.partition, epoch
            {_of_keys(collection)} AND coalesce("offset" > greatest(r.last, c.last), true)
            """,
            [list(documents)],
        ):
            home = {"topic_id": topic_id, "partition": partition, "epoch": epoch}
            homes.setdefault(document, []).append(home)
        return homes


def _of_keys(collection: str) -> str:
    return f"""
        FROM {collection}_messages AS e
        LEFT JOIN reach AS r ON e.topic_id = r.topic_id AND e.partition = r.partition
        LEFT JOIN cuts AS c ON c.collection = '{collection}' AND c.document = e.document
            AND e.topic_id = c.topic_id AND e.partition = c.partition
        WHERE e.document IN (SELECT unnest(?))
    """
