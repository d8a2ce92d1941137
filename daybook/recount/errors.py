"""Why a recount cannot be had at all; what concerns single documents is in the report."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from confluent_kafka import KafkaException
from pymongo.errors import PyMongoError


class RecountError(Exception):
    """A sentence for the person who asked."""


class Unreachable(RecountError):
    """A server does not answer, or does not let us in."""


class Unrecountable(RecountError):
    """What a recount needs does not exist: no fleet, no topic, a log that ends too early."""


@contextmanager
def asking_kafka() -> Iterator[None]:
    """Raises Unreachable for whatever Kafka's client raises."""
    try:
        yield
    except KafkaException as error:
        raise Unreachable(f"Kafka does not answer: {error.args[0].str()}") from error


@contextmanager
def asking_mongodb() -> Iterator[None]:
    """Raises Unreachable for whatever MongoDB's client raises."""
    try:
        yield
    except PyMongoError as error:
        # What follows is the driver's picture of every server, for nobody who reads a sentence.
        why = str(error).partition(" (configured timeouts")[0]
        raise Unreachable(f"MongoDB does not answer: {why[:200]}") from error


@contextmanager
def within_memory() -> Iterator[None]:
    """Raises Unrecountable for what is too large to be recounted here."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise Unrecountable(
            "the recount needs more than half of the memory that there is: "
            f"{str(error).splitlines()[0][:200]}"
        ) from error
