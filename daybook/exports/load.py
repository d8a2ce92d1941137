"""Loads a job's content with the functions that answer the same report over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime

from pydantic import BaseModel

from daybook.exports.event_rows import EventRow, Events, event_rows
from daybook.exports.formats.content import Content, Stream
from daybook.exports.job import Job
from daybook.exports.patient_scope import read_page
from daybook.exports.pseudonyms import Pseudonyms
from daybook.query.figures.body import Period
from daybook.query.figures.date_range import Span, parse_span
from daybook.query.figures.money import CurrencyPreference
from daybook.query.figures.pagination import SIZE_MAX, Cursor, PageRequest
from daybook.query.funnels.conversions import (
    ConvertingVisitor,
    conversions_report,
    converting_visitor,
    load_conversions,
    load_converted_sessions,
)
from daybook.query.funnels.definition import Definition, load_definition
from daybook.query.funnels.dropoffs.report import drop_offs_report, load_drop_offs
from daybook.query.funnels.overview import load_overview, overview_report
from daybook.query.funnels.revenue import load_revenue, revenue_report
from daybook.query.funnels.revenue_basis import load_basis
from daybook.query.problem import missing
from daybook.query.read import groups
from daybook.query.read.freshness import Freshness
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope

_COMPARED = frozenset({"previous", "change"})
_VISITORS = "converting_visitors"
_MONEY = groups.FUNNEL_STEP + groups.REVENUE


async def load_content(
    job: Job, scope: Scope, fresh: Freshness, names: Pseudonyms | None, currency: str, now: datetime
) -> Content:
    """`names` replaces ids by pseudonyms; None for an export with personal data.

    Raises Problem, Unavailable.
    """
    zone = await fresh.zone()
    days = parse_span(job.date_from, job.date_to, zone, zone, now.astimezone(zone).date())
    sources = _MONEY if job.report_type in ("overview", "revenue") else groups.FUNNEL_STEP
    as_of = await fresh.as_of(sources, zone)
    without, stream = _COMPARED, None
    if job.report_type == "events":
        title, body, stream = await _events(job, scope, days, names)
    else:
        if job.funnel_id is None:
            raise missing("funnel")
        funnel = await load_definition(scope, job.funnel_id)
        title = f"{_TITLES[job.report_type]} of {funnel.name}"
        body = await _report(job, scope, funnel, days, CurrencyPreference(currency, None))
    if job.report_type == "conversions":
        rows = _visitors(scope, funnel.funnel_id, days, getattr(body, "currency", None), names)
        stream = Stream(_VISITORS, ConvertingVisitor, rows)
        without |= {_VISITORS, "pagination"}
    return Content(f"{title}, {days.first} to {days.last}", body, without, as_of, stream)


_TITLES = {
    "overview": "Overview",
    "conversions": "Conversions",
    "dropoffs": "Drop-offs",
    "revenue": "Revenue",
}


async def _report(
    job: Job, scope: Scope, funnel: Definition, days: Span, money: CurrencyPreference
) -> BaseModel:
    query = scope, funnel.funnel_id, days
    match job.report_type:
        case "overview":
            basis = await load_basis(scope, funnel)
            overview = await load_overview(scope, funnel, days)
            return overview_report(funnel, basis, days, overview, None, money)
        case "conversions":
            page = PageRequest(size=1)
            loaded = await load_conversions(*query, page)
            return conversions_report(funnel, days, "day", loaded, page, None, money)
        case "dropoffs":
            past = await load_drop_offs(scope, funnel, days.previous(), with_evidence=False)
            return drop_offs_report(funnel, days, await load_drop_offs(scope, funnel, days), past)
        case _:
            basis = await load_basis(scope, funnel)
            facts = await load_revenue(*query)
            return revenue_report(funnel, basis, days, "day", facts, None, money)


async def _events(
    job: Job, scope: Scope, days: Span, names: Pseudonyms | None
) -> tuple[str, BaseModel, Stream]:
    """Title, head and rows; the title names the funnel if the job does."""
    title = "Events"
    if job.funnel_id is not None:
        title += f" of {(await load_definition(scope, job.funnel_id)).name}"
    rows = event_rows(scope, days, job.funnel_id, job.user_id, names)
    user = {"user_id": job.user_id}
    visible = names.hide(user) if names else user
    head = Events(funnel_id=job.funnel_id, period=Period(**days.period), **visible)
    return title, head, Stream("events", EventRow, rows)


async def _visitors(
    scope: Scope, funnel_id: str, days: Span, currency: str | None, names: Pseudonyms | None
) -> AsyncIterator[ConvertingVisitor]:
    """Reads page after page, with the report's cursor."""
    after: Cursor | None = None
    size = SIZE_MAX

    async def read(rows: int) -> list[Document]:
        page_request = PageRequest(size=rows, after=after)
        return await load_converted_sessions(scope, funnel_id, days, page_request)

    while True:
        page, size = await read_page(read, size, SIZE_MAX)
        for session in page[:size]:
            visible = names.hide(session) if names else session
            yield converting_visitor(visible, days, currency)
        if len(page) <= size:
            return
        last = page[size - 1]
        after = Cursor(last["started_at"], last["_id"])
