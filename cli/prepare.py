"""Makes the topics and the indexes that the groups rely on."""

import consumers
from cli.printing import say
from cli.topics import apply_topics
from engine import indexes
from engine.mongo import database
from engine.settings import settings
from exports.group import GROUP as EXPORTS


def prepare() -> None:
    """Says what was made. Raises DaybookError, Unavailable."""
    own = settings()
    apply_topics(own, say, with_partitions=False)
    documents = database(own)
    for group in (*consumers.FLEET, EXPORTS):
        indexes.ensure(documents, group)
