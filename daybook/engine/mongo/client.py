"""The MongoDB client: majority reads and writes, bounded waits, and errors by what to do."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)
from pymongo.read_concern import ReadConcern

from daybook.engine.errors import (
    Damaged,
    OutdatedClient,
    StartAgain,
    Unavailable,
    Unwritable,
    WrongSetting,
)
from daybook.engine.mongo.fence import AnotherProcess, Fence, ProcessUnknown
from daybook.engine.settings import Settings

Documents = Database[dict[str, Any]]

DUPLICATE_KEY = 11000
_TIMEOUT_MS = 10_000
_TRANSIENT = frozenset({6, 7, 64, 89, 91, 112, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436})
"""Error codes of servers that step down, shut down or cannot be reached; from MongoDB's list."""

_STALE_PRIMARY = "primary marked stale due to electionId"
"""What pymongo says of a primary that was elected before one that the client has seen."""

_NOT_ALLOWED = frozenset({13, 18, 8000})
"""Error codes of wrong credentials and missing privileges."""


def database(
    settings: Settings, fence: Fence | None = None, selection_ms: int = 5_000
) -> Documents:
    """The fleet's database, whose servers are awaited for `selection_ms`.

    With a fence, the driver repeats no write, and every operation may raise StartAgain. Raises
    WrongSetting for an invalid DAYBOOK_MONGODB_URI.
    """
    options: dict[str, Any] = {"event_listeners": [fence], "retryWrites": False} if fence else {}
    uri = settings.mongodb_uri.get_secret_value()
    with valid_uri("DAYBOOK_MONGODB_URI", uri):
        client: MongoClient[dict[str, Any]] = MongoClient(
            uri,
            appname="daybook",
            serverSelectionTimeoutMS=selection_ms,
            connectTimeoutMS=selection_ms,
            socketTimeoutMS=_TIMEOUT_MS + 5_000,
            tz_aware=True,
            **options,
        )
    return client.get_database(
        settings.mongodb_database,
        # MongoDB cuts long error texts, also within a character: such a reply must be readable.
        codec_options=CodecOptions(tz_aware=True, unicode_decode_error_handler="replace"),
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", j=True, wtimeout=_TIMEOUT_MS),
    )


TOO_LARGE = "it would be larger than MongoDB stores (16 MiB)"
_REFUSED_CONTENT = {
    10334: TOO_LARGE,
    17419: TOO_LARGE,
    17420: TOO_LARGE,
    15: "it would be nested too deeply",
    52: "it would have a field name that begins with $",
    57: "it would have a field name with a dot",
}
"""Error codes of documents refused for what they would hold, not for what they hold already."""


def primary_process(documents: Documents) -> Any:
    """The id of the primary's process, new at each start of a server; None before MongoDB 4.4.

    Raises PyMongoError.
    """
    hello = documents.client.admin.command("hello")
    return hello.get("topologyVersion", {}).get("processId")


@contextmanager
def valid_uri(setting: str, uri: str) -> Iterator[None]:
    """Raises WrongSetting if the driver refuses the URI, or warns that it ignores an option.

    The driver's own messages may repeat a part of the URI, such as the password.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            yield
        is_cut = "@" in urlsplit(uri).path
    except (PyMongoError, ValueError, TypeError, OSError, UserWarning):
        is_cut = True
    if is_cut:
        raise WrongSetting(
            f"{setting}: must be mongodb://user:password@host:port/?replicaSet=name, with special "
            "characters in user and password percent-encoded, and only options of the driver"
        )


@contextmanager
def reachable() -> Iterator[None]:
    """Raises transient MongoDB errors as Unavailable, and refused access as WrongSetting.

    Of a fenced client, raises StartAgain if the primary is another process than before.

    Any other error is a bug and is raised as it is.
    """
    try:
        yield
    except AnotherProcess:
        raise StartAgain("MongoDB was restarted, or has another primary") from None
    except ProcessUnknown as error:
        raise Unavailable(f"MongoDB does not answer: {str(error)[:200]}") from error
    except BulkWriteError as error:
        if _is_transient(error.details):
            raise Unavailable("MongoDB did not confirm that a write is durable") from error
        raise
    except (ConnectionFailure, AutoReconnect, ExecutionTimeout, WTimeoutError) as error:
        why = str(error).partition(" (configured timeouts")[0]
        # After a restore the servers count elections from an older number again.
        kind = OutdatedClient if _STALE_PRIMARY in why else Unavailable
        raise kind(f"MongoDB does not answer: {why[:200]}") from error
    except OperationFailure as error:
        if error.code in _TRANSIENT:
            raise Unavailable(f"MongoDB does not answer: {str(error)[:200]}") from error
        if error.code in _NOT_ALLOWED:
            # Not the server's message, which may repeat the command and its documents.
            code = (error.details or {}).get("codeName", error.code)
            raise WrongSetting(f"DAYBOOK_MONGODB_URI: MongoDB refuses its user: {code}") from error
        raise


def _is_transient(details: Any) -> bool:
    if any(e["code"] not in _TRANSIENT | {DUPLICATE_KEY} for e in details["writeErrors"]):
        return False
    return bool(details["writeConcernErrors"]) or any(
        e["code"] in _TRANSIENT for e in details["writeErrors"]
    )


def only_duplicates(error: BulkWriteError, collection: str) -> list[int]:
    """The indices of the operations that were refused for a duplicate key.

    Raises Unwritable for a document that MongoDB refuses, and Damaged if any document cannot be
    added to; otherwise the error itself if any operation failed for another reason.
    """
    details: Any = error.details
    errors = details["writeErrors"]
    for failed in errors:
        document = failed["op"].get("q", failed["op"])["_id"]
        if failed["code"] in _REFUSED_CONTENT:
            why = _REFUSED_CONTENT[failed["code"]]
            raise Unwritable(collection, document, why) from error
        if failed["code"] not in _TRANSIENT | {DUPLICATE_KEY}:
            raise Damaged(document, failed["errmsg"]) from error
    if details["writeConcernErrors"] or any(e["code"] != DUPLICATE_KEY for e in errors):
        raise error
    return [e["index"] for e in errors]
