"""Errors that stop a whole recount; those of single documents are part of the report."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError


class RecountError(Exception):
    """Its text is a sentence for the person at the terminal."""


class Unreachable(RecountError):
    """A server does not answer, or refuses access."""


class Unrecountable(RecountError):
    """Something that a recount needs does not exist: a fleet, a topic, the end of the log."""


@contextmanager
def translated_kafka_errors() -> Iterator[None]:
    """Raises Unreachable for any error of Kafka's client."""
    try:
        yield
    except KafkaException as error:
        raise Unreachable(f"Kafka does not answer: {error.args[0].str()}") from error


@contextmanager
def translated_mongodb_errors() -> Iterator[None]:
    """Raises Unreachable for any error of MongoDB's client."""
    try:
        yield
    except PyMongoError as error:
        # The driver goes on with its description of every server, which is no sentence.
        why = str(error).partition(" (configured timeouts")[0]
        raise Unreachable(f"MongoDB does not answer: {why[:200]}") from error


@contextmanager
def within_memory() -> Iterator[None]:
    """Raises Unrecountable if the memory is too small."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise Unrecountable(
            "the recount needs more memory than DAYBOOK_RECOUNT_MEMORY_MIB: "
            f"{str(error).splitlines()[0][:200]}"
        ) from error
