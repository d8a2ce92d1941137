"""Runs a group's rules over the messages of some keys, in a schema of its own."""

from pathlib import Path

from daybook.recount.replay.rules import Rules
from daybook.recount.replay.tables import Tables

_SHARED_RULES = Path(__file__).parent / "events.sql"
_LOG = """
    CREATE VIEW log AS
    SELECT '{topic_id}' AS topic_id, l.*, d."offset" IS NOT NULL AS duplicate
    FROM {source} AS l
    LEFT JOIN main.duplicates AS d ON l.partition = d.partition AND l."offset" = d."offset"
"""


class Runner:
    """A connection of its own, so that several runners work at a time; used by one thread."""

    def __init__(self, tables: Tables, rules: Rules, number: int) -> None:
        self.db = tables.db.cursor()
        self._rules = rules
        self._schema = f"replay_{number}"

    def take_up(self, topic_id: str, source: str) -> None:
        """Runs the rules that read the log alone, over the messages of this source, in SQL."""
        schema = self._schema
        self.db.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
        self.db.execute(f"SET search_path = '{schema},main'")
        self.db.execute(_LOG.format(topic_id=topic_id, source=source))
        for path in (_SHARED_RULES, *self._rules.files):
            self.db.execute(path.read_text())

    def leave(self) -> None:
        """Drops what the rules have filled."""
        self.db.execute(f"DROP SCHEMA IF EXISTS {self._schema} CASCADE")

    def measure(self) -> None:
        """Runs the stages, for what depends on how far documents have counted."""
        for stage in self._rules.stages:
            if isinstance(stage, Path):
                self.db.execute(stage.read_text())
            else:
                stage(self.db)
