"""Makes one file with the export worker's code, from the job to the last byte."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr

from bench import year
from bench.stopwatch import Measured, Stopwatch
from daybook.engine.settings import settings
from daybook.exports.job import Job
from daybook.exports.make import Maker
from daybook.query.exports.secret import Secret
from schemas.export import Format, ReportType

_SECRET = SecretStr("for benchmarks alone, and long enough")


def export(_: str, rows: int, report: ReportType, form: Format) -> Measured:
    """A year of the funnel as a file. Raises RuntimeError for fewer than `rows` rows."""
    settings_with_secret = settings().model_copy(update={"exports_secret": _SECRET})
    now = datetime.now(UTC)
    job = Job(
        organization_id=year.ORGANIZATION,
        job_id="bench",
        report_type=report,
        format=form,
        date_from=year.FIRST.isoformat(),
        date_to=year.LAST.isoformat(),
        funnel_id=year.FUNNEL,
        user_id=None,
        include_charts=True,
        include_pii=False,
        requested_at=now,
    )
    maker = Maker(settings_with_secret, Secret(settings_with_secret))
    stopwatch = Stopwatch()
    with TemporaryDirectory(prefix="daybook-bench-") as folder:
        stopwatch.start()
        made = asyncio.run(maker.make(job, Path(folder) / "file", now, lambda: True))
        stopwatch.stop()
    if made < rows:
        raise RuntimeError(f"the file has {made} rows, fewer than {rows}")
    return stopwatch.measured(rows)
