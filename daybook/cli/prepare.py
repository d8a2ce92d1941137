"""Makes the topics and the indexes that the groups rely on."""

import consumers
from daybook.cli.support.printing import say
from daybook.cli.topics import apply_topics
from daybook.engine.mongo import indexes
from daybook.engine.mongo.client import database
from daybook.engine.settings import settings
from daybook.exports.group import GROUP as EXPORTS


def prepare() -> None:
    """Says what was made. Raises DaybookError, Unavailable."""
    own = settings()
    apply_topics(own, say, with_partitions=False)
    documents = database(own)
    for group in (*consumers.FLEET, EXPORTS):
        indexes.ensure(documents, group)
