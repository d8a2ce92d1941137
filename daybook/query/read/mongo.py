"""Read-only access to MongoDB, with limits on time and on rows."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Any

import pymongo
import structlog
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConnectionFailure, ExecutionTimeout, PyMongoError
from pymongo.read_concern import ReadConcern

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.mongo.client import reachable, valid_uri
from daybook.engine.settings import Settings
from daybook.query.problem import Problem, TookTooLong
from daybook.query.read.literal import LITERAL
from daybook.query.read.shares import Shares
from models.session import Sessions

ROWS_MAX = 50_000
SUMS_MAX = 400_000
"""Enough for a map with other keys on every day of a year: a row is a key and a few numbers."""

_SELECTION_MS = 2_000
_CONNECTIONS_MAX = 50
_PROBE_SECONDS = 0.5
_WRITES = frozenset({"insert", "update", "remove"})
_log = structlog.get_logger()

Document = dict[str, Any]
Filter = Mapping[str, Any]
Order = Sequence[tuple[str, int]]


def beneath(name: str) -> dict[str, str]:
    """A filter for `_id`: everything that begins with this name and a colon."""
    return {"$gte": f"{name}:", "$lt": f"{name};"}  # the character after a colon


def _too_many_rows() -> Problem:
    return Problem(422, "result too large; use a shorter range")


class Reader:
    """The query module's only access to MongoDB.

    Every method raises Unavailable at most `query_timeout_ms` after it was called.
    """

    def __init__(self, settings: Settings) -> None:
        uri = settings.query_mongodb_uri or settings.mongodb_uri
        name = "MONGODB_URI" if settings.query_mongodb_uri is None else "QUERY_MONGODB_URI"
        with valid_uri(f"DAYBOOK_{name}", uri.get_secret_value()):
            self._client: AsyncMongoClient[Document] = AsyncMongoClient(
                uri.get_secret_value(),
                appname="daybook-query",
                serverSelectionTimeoutMS=_SELECTION_MS,
                connectTimeoutMS=_SELECTION_MS,
                maxPoolSize=_CONNECTIONS_MAX,
                retryWrites=False,
                tz_aware=True,
            )
        self._documents: AsyncDatabase[Document] = self._client.get_database(
            settings.mongodb_database,
            codec_options=CodecOptions(tz_aware=True),
            read_preference=ReadPreference.PRIMARY_PREFERRED,
            read_concern=ReadConcern("majority"),
        )
        self.setting = f"DAYBOOK_{name}"
        self._seconds = settings.query_timeout_ms / 1_000
        self._probe: asyncio.Task[None] | None = None
        self.shares = Shares()

    async def find(
        self,
        collection: str,
        where: Filter,
        *,
        fields: Sequence[str] | Mapping[str, Any] | None = None,
        order: Order = (),
        skip: int = 0,
        limit: int = ROWS_MAX + 1,
    ) -> list[Document]:
        """Matching documents, at most `limit`. Raises Problem (422) for more than ROWS_MAX."""
        limit = min(limit, ROWS_MAX + 1)
        async with self.bounded():
            cursor = self._collection(collection).find(where, fields, skip=skip, limit=limit)
            documents = await (cursor.sort(list(order)) if order else cursor).to_list()
        if len(documents) > ROWS_MAX:
            raise _too_many_rows()
        return documents

    async def aggregate(self, collection: str, stages: Sequence[Filter]) -> list[Document]:
        """The result of an aggregation. Raises Problem (422) for more than SUMS_MAX rows."""
        limited = [*stages, {"$limit": SUMS_MAX + 1}]
        async with self.bounded():
            rows = await (await self._documents[collection].aggregate(limited)).to_list()
        if len(rows) > SUMS_MAX:
            raise _too_many_rows()
        return rows

    async def find_one(
        self, collection: str, where: Filter, fields: Sequence[str] | None = None
    ) -> Document | None:
        async with self.bounded():
            return await self._documents[collection].find_one(where, fields)

    async def count(self, collection: str, where: Filter, limit: int = ROWS_MAX) -> int:
        """The number of matching documents, at most `limit`."""
        async with self.bounded():
            return await self._documents[collection].count_documents(where, limit=limit)

    def _collection(self, name: str) -> AsyncCollection[Document]:
        collection = self._documents[name]
        # The only documents with objects as clients sent them.
        is_free = name == Sessions.collection
        return collection.with_options(codec_options=LITERAL) if is_free else collection

    async def ping(self) -> None:
        """Raises Unavailable."""
        async with self.bounded():
            await self._documents.command("ping")

    async def problem(self) -> str | None:
        """Why reports cannot be read; None if they can."""
        try:
            await self.ping()
        except Unavailable:
            return "MongoDB does not answer"
        return None

    async def may_write(self) -> bool:
        """Whether our MongoDB user has write privileges; False if the server has no access control.

        Raises Unavailable.
        """
        async with self.bounded():
            status = await self._documents.command("connectionStatus", showPrivileges=True)
        databases = "", self._documents.name
        return any(
            _WRITES & set(privilege["actions"])
            for privilege in status["authInfo"]["authenticatedUserPrivileges"]
            if privilege["resource"].get("anyResource")
            or privilege["resource"].get("db") in databases
        )

    async def close(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            with suppress(asyncio.CancelledError):
                await self._probe
        await self._client.close()

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """Applies the time limit; the driver sends the remaining time as maxTimeMS.

        Around several reads it limits them together. While a server does not answer, no read waits
        for it: one probe does, for all. Raises Unavailable, and TookTooLong.
        """
        if self._probe is not None:
            raise Unavailable("MongoDB did not answer a moment ago")
        try:
            with reachable(), pymongo.timeout(self._seconds):
                yield
        except WrongSetting as error:
            _log.error("MongoDB refused our credentials", why=str(error))
            raise Unavailable(str(error)) from error
        except Unavailable as error:
            if isinstance(error.__cause__, ExecutionTimeout):
                raise TookTooLong from error.__cause__
            if isinstance(error.__cause__, ConnectionFailure) and self._probe is None:
                # In a context of its own, without the deadline of a read around this one.
                probe = self._wait_until_it_answers()
                self._probe = asyncio.create_task(probe, context=Context())
            raise
        except PyMongoError as error:
            if error.timeout:
                raise TookTooLong from error
            raise

    async def _wait_until_it_answers(self) -> None:
        try:
            while True:
                await asyncio.sleep(_PROBE_SECONDS)
                try:
                    with pymongo.timeout(self._seconds):
                        await self._documents.command("ping")
                    return
                except PyMongoError as error:
                    if not (isinstance(error, ConnectionFailure) or error.timeout):
                        return
        finally:
            self._probe = None
