"""What the reports read: few small documents, each by an index, and of them what is told."""

from collections.abc import Sequence
from datetime import UTC, datetime

from daybook.query.figures.date_range import Span
from daybook.query.figures.projections import Projection, sums_of
from daybook.query.funnels.definition import Definition
from daybook.query.problem import missing
from daybook.query.read.mongo import Document
from daybook.query.read.scope import Scope
from models.experiment import ExperimentDay
from models.funnel_step import FunnelStepDay
from models.uniques import Uniques, periods


async def definition(scope: Scope, funnel_id: str) -> Definition:
    """Raises Problem (404) for a funnel that was neither published nor seen."""
    stored = await scope.find_one("funnels", {"_id": scope.id(funnel_id)})
    if stored is None:
        raise missing("funnel")
    return Definition(stored)


async def is_seen(scope: Scope, funnel_id: str, step_id: str) -> bool:
    """Whether a step was ever counted, in a definition or not."""
    where = {"funnel_id": funnel_id, "step_id": step_id}
    return await scope.find_one(FunnelStepDay.collection, where, ["_id"]) is not None


async def step_days(scope: Scope, funnel_id: str, span: Span, fields: Projection) -> list[Document]:
    """`analytics_funnel_step` of all the funnel's steps, in no order."""
    where = {"funnel_id": funnel_id, "date": span.dates}
    return await scope.find(FunnelStepDay.collection, where, fields=fields)


async def step_sums(
    scope: Scope, funnel_id: str, span: Span, fields: Sequence[str]
) -> list[Document]:
    """The same, added up: one of each step."""
    where = {"funnel_id": funnel_id, "date": span.dates}
    return await scope.aggregate(FunnelStepDay.collection, where, sums_of(fields, "step_id"))


async def sketches(
    scope: Scope, kind: str, funnel_id: str, span: Span, step_id: str | None = None
) -> list[Document]:
    """None for one day, of which the uniques are exact."""
    if span.days == 1:
        return []
    where = {"kind": kind, "id": funnel_id, "period": {"$in": _periods(span)}}
    if step_id is not None:
        where["step_id"] = step_id
    return await scope.find(Uniques.collection, where, fields=["sketch", "_daybook.model"])


async def tests_of(scope: Scope, funnel_id: str, test_id: str | None) -> list[Document]:
    """The funnel's experiments, the newest first; by `_id`, for an organization has few."""
    where = {"_id": scope.id(test_id) if test_id else scope.beneath()}
    found = await scope.find("experiments", {**where, "funnel_id": funnel_id})
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda test: (test["started_at"] or never, test["_id"]), reverse=True)


async def test_days(scope: Scope, tests: Sequence[Document], span: Span) -> list[Document]:
    names = [test["test_id"] for test in tests]
    if not names:
        return []
    return await scope.find(
        ExperimentDay.collection,
        {"test_id": {"$in": names}, "date": span.dates},
        fields={"hours": False, "_daybook": False},
    )


def _periods(span: Span) -> list[str]:
    return periods(span.first.isoformat(), span.last.isoformat())
