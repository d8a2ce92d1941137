"""Makes the file of one job, in a separate event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from daybook.engine.settings import Settings
from daybook.exports.formats import csv_file, json_file, pdf_file, xlsx_file
from daybook.exports.formats.content import Content
from daybook.exports.job import Job
from daybook.exports.load import load_content
from daybook.exports.patient_scope import PatientScope
from daybook.exports.pseudonyms import Pseudonyms
from daybook.query.caller import Caller
from daybook.query.exports.secret import Secret
from daybook.query.problem import Problem
from daybook.query.read.freshness import Freshness
from daybook.query.read.mongo import Reader

_ROWS_BETWEEN_CHECKS = 500


FILE_SECONDS_MAX = 3_600.0
"""The longest that an organization waits for a file of another's."""


class Unwanted(Exception):
    """This worker must not make the file any more."""


class TooLarge(Problem):
    """The file would take longer than any may; trying again does not help."""

    def __init__(self) -> None:
        super().__init__(422, "the file takes longer than an hour; use a shorter range")


class Maker:
    """Reads like the query service: with time limits, and only the job's organization."""

    def __init__(self, settings: Settings, secret: Secret) -> None:
        self._settings = settings
        self._secret = secret

    async def make(self, job: Job, path: Path, now: datetime, is_wanted: Callable[[], bool]) -> int:
        """Writes the file; returns its number of rows.

        Raises Problem for a job that cannot be done, TooLarge among them; Unavailable; Unwanted.
        """
        try:
            async with asyncio.timeout(FILE_SECONDS_MAX) as limit:
                return await self._make(job, path, now, is_wanted)
        except TimeoutError:
            if not limit.expired():
                raise
            raise TooLarge from None

    async def _make(
        self, job: Job, path: Path, now: datetime, is_wanted: Callable[[], bool]
    ) -> int:
        caller = Caller("export", "server", job.organization_id)
        names = Pseudonyms(self._secret, job.organization_id, job.job_id)
        async with self._reader() as reader:
            scope = PatientScope(reader, caller, job.organization_id)
            fresh = Freshness(reader, self._settings.zone_info())
            content = await load_content(
                job,
                scope,
                fresh,
                None if job.include_pii else names,
                self._settings.currency,
                now,
            )
            if content.stream:
                rows = _while_wanted(content.stream.rows, is_wanted)
                content = replace(content, stream=replace(content.stream, rows=rows))
            return await self._write(job, content, path)

    async def _write(self, job: Job, content: Content, path: Path) -> int:
        match job.format:
            case "csv":
                return await csv_file.write(content, path, with_mark=self._settings.exports_csv_bom)
            case "xlsx":
                return await xlsx_file.write(content, path)
            case "json":
                return await json_file.write(content, path)
            case "pdf":
                return await pdf_file.write(content, path, with_charts=job.include_charts)

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[Reader]:
        reader = Reader(self._settings)
        try:
            yield reader
        finally:
            await reader.close()


async def _while_wanted(
    rows: AsyncIterator[BaseModel], is_wanted: Callable[[], bool]
) -> AsyncIterator[BaseModel]:
    count = 0
    async for row in rows:
        if count % _ROWS_BETWEEN_CHECKS == 0 and not is_wanted():
            raise Unwanted
        count += 1
        yield row
