"""MongoDB, reached in one way: majority writes and reads, bounded waits, named failures."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from daybook.engine.errors import Damaged, Unavailable, WrongSetting
from daybook.engine.settings import Settings

Documents = Database[dict[str, Any]]

DUPLICATE_KEY = 11000
_TIMEOUT_MS = 10_000
_PASSING = frozenset({6, 7, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
"""Error codes of servers that step down, shut down or cannot be reached; from MongoDB's list."""

_NOT_ALLOWED = frozenset({13, 18, 8000})


def database(settings: Settings) -> Documents:
    """The fleet's database. Raises WrongSetting for an address that cannot be read."""
    try:
        client: MongoClient[dict[str, Any]] = MongoClient(
            settings.mongodb_uri.get_secret_value(),
            appname="daybook",
            serverSelectionTimeoutMS=5_000,
            connectTimeoutMS=5_000,
            socketTimeoutMS=_TIMEOUT_MS + 5_000,
            tz_aware=True,
        )
    except (ConfigurationError, PyMongoError, ValueError) as error:
        raise WrongSetting(f"DAYBOOK_MONGODB_URI: {error}") from None
    return client.get_database(
        settings.mongodb_database,
        codec_options=CodecOptions(tz_aware=True),
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=_TIMEOUT_MS),
    )


@contextmanager
def reachable() -> Iterator[None]:
    """Turns what passes by itself into Unavailable; whatever else MongoDB says is a bug."""
    try:
        yield
    except BulkWriteError as error:
        if _is_passing(error.details):
            raise Unavailable("MongoDB took a write without saying that it is durable") from error
        raise
    except (ConnectionFailure, AutoReconnect, ExecutionTimeout, WTimeoutError) as error:
        why = str(error).partition(" (configured timeouts")[0]
        raise Unavailable(f"MongoDB does not answer: {why[:200]}") from error
    except OperationFailure as error:
        if error.code in _PASSING:
            raise Unavailable(f"MongoDB does not answer: {str(error)[:200]}") from error
        if error.code in _NOT_ALLOWED:
            raise WrongSetting(f"DAYBOOK_MONGODB_URI: {str(error)[:200]}") from error
        raise


def _is_passing(details: Any) -> bool:
    if any(e["code"] not in _PASSING | {DUPLICATE_KEY} for e in details["writeErrors"]):
        return False
    return bool(details["writeConcernErrors"]) or any(
        e["code"] in _PASSING for e in details["writeErrors"]
    )


def only_duplicates(error: BulkWriteError) -> list[int]:
    """The indices of the operations refused for a duplicate key; raises what else went wrong.

    Raises Damaged for a document that cannot be added to, whatever else went wrong.
    """
    details: Any = error.details
    errors = details["writeErrors"]
    for one in errors:
        if one["code"] not in _PASSING | {DUPLICATE_KEY}:
            raise Damaged(one["op"]["q"]["_id"], one["errmsg"]) from error
    if details["writeConcernErrors"] or any(e["code"] != DUPLICATE_KEY for e in errors):
        raise error
    return [e["index"] for e in errors]
