"""MongoDB as the query module asks it: reads only, each bounded in time and in rows."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import pymongo
import structlog
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import ConfigurationError, ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.mongo.client import reachable
from daybook.engine.settings import Settings
from daybook.query.problem import Problem

ROWS_MAX = 50_000
SUMS_MAX = 400_000
"""As many as a map has keys, every day of a year others: a row is a key and a few numbers."""

_SELECTION_MS = 2_000
_CONNECTIONS_MAX = 50
_AWAY_SECONDS = 2.0
_WRITES = frozenset({"insert", "update", "remove"})
_log = structlog.get_logger()

Document = dict[str, Any]
Filter = Mapping[str, Any]
Order = Sequence[tuple[str, int]]


def beneath(name: str) -> dict[str, str]:
    """A filter of `_id`: whatever begins with this name and a colon."""
    return {"$gte": f"{name}:", "$lt": f"{name};"}  # the character after a colon


def _too_much() -> Problem:
    return Problem(422, "that is too much for one answer: ask for a shorter range")


class Reader:
    """The only one that talks to MongoDB. Every method raises Unavailable, never later than
    `query_timeout_ms` after it was called."""

    def __init__(self, settings: Settings) -> None:
        uri = settings.query_mongodb_uri or settings.mongodb_uri
        name = "MONGODB_URI" if settings.query_mongodb_uri is None else "QUERY_MONGODB_URI"
        try:
            self._client: AsyncMongoClient[Document] = AsyncMongoClient(
                uri.get_secret_value(),
                appname="daybook-query",
                serverSelectionTimeoutMS=_SELECTION_MS,
                connectTimeoutMS=_SELECTION_MS,
                maxPoolSize=_CONNECTIONS_MAX,
                retryWrites=False,
                tz_aware=True,
            )
        except (ConfigurationError, PyMongoError, ValueError) as error:
            raise WrongSetting(f"DAYBOOK_{name}: {error}") from None
        self._documents: AsyncDatabase[Document] = self._client.get_database(
            settings.mongodb_database,
            codec_options=CodecOptions(tz_aware=True),
            read_preference=ReadPreference.PRIMARY_PREFERRED,
            read_concern=ReadConcern("majority"),
        )
        self.setting = f"DAYBOOK_{name}"
        self._seconds = settings.query_timeout_ms / 1_000
        self._away_until = 0.0

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
        """What fits, at most `limit` rows. Raises Problem (422) for more than ROWS_MAX."""
        own = min(limit, ROWS_MAX + 1)
        async with self.bounded():
            cursor = self._documents[collection].find(where, fields, skip=skip, limit=own)
            found = await (cursor.sort(list(order)) if order else cursor).to_list()
        if len(found) > ROWS_MAX:
            raise _too_much()
        return found

    async def aggregate(self, collection: str, stages: Sequence[Filter]) -> list[Document]:
        """What the stages make of it. Raises Problem (422) for more than SUMS_MAX rows."""
        own = [*stages, {"$limit": SUMS_MAX + 1}]
        async with self.bounded():
            found = await (await self._documents[collection].aggregate(own)).to_list()
        if len(found) > SUMS_MAX:
            raise _too_much()
        return found

    async def find_one(
        self, collection: str, where: Filter, fields: Sequence[str] | None = None
    ) -> Document | None:
        async with self.bounded():
            return await self._documents[collection].find_one(where, fields)

    async def count(self, collection: str, where: Filter, limit: int = ROWS_MAX) -> int:
        """How many fit; `limit` at most."""
        async with self.bounded():
            return await self._documents[collection].count_documents(where, limit=limit)

    async def ping(self) -> None:
        """Raises Unavailable."""
        async with self.bounded():
            await self._documents.command("ping")

    async def may_write(self) -> bool:
        """Whether the server would take writes from our user; False where it knows no users.

        Raises Unavailable.
        """
        async with self.bounded():
            told = await self._documents.command("connectionStatus", showPrivileges=True)
        own = "", self._documents.name
        return any(
            _WRITES & set(privilege["actions"])
            for privilege in told["authInfo"]["authenticatedUserPrivileges"]
            if privilege["resource"].get("anyResource") or privilege["resource"].get("db") in own
        )

    async def close(self) -> None:
        await self._client.close()

    @asynccontextmanager
    async def bounded(self) -> AsyncIterator[None]:
        """The time limit: the driver sends what is left of it with every command as maxTimeMS.

        Around several questions it is the limit of them together. A server that did not answer
        is left alone for a moment, or a call that asks three times would wait three times.
        """
        if monotonic() < self._away_until:
            raise Unavailable("MongoDB did not answer an instant ago")
        try:
            with reachable(), pymongo.timeout(self._seconds):
                yield
        except WrongSetting as error:
            _log.error("MongoDB does not let us in", why=str(error))
            raise Unavailable(str(error)) from error
        except Unavailable as error:
            if isinstance(error.__cause__, ConnectionFailure):
                self._away_until = monotonic() + _AWAY_SECONDS
            raise
        except PyMongoError as error:
            if error.timeout:
                raise Unavailable("MongoDB took too long") from error
            raise
