"""Parameters that several of the reports have."""

from typing import Annotated

from fastapi import Depends, Path, Query

from daybook.query.answer.report import Report
from daybook.query.figures.folded_series import Granularity
from daybook.query.figures.money import Wanted
from daybook.query.figures.pagination import NUMBER_MAX, SIZE, SIZE_MAX, Asked, place
from daybook.query.funnels.experiments.body import Metric
from schemas.fields import Id

_CURSOR_MAX = 2_048

FunnelId = Annotated[Id, Path(alias="id", description="the funnel")]
StepId = Annotated[Id, Path(description="a step of it, of today or of before")]
VisitorId = Annotated[Id, Path(description="the visitor")]
Grain = Annotated[Granularity, Query(description="weeks begin on Mondays")]
PageNumber = Annotated[int, Query(ge=1, le=NUMBER_MAX)]
PageSize = Annotated[int, Query(ge=1, le=SIZE_MAX)]
Cursor = Annotated[
    str | None,
    Query(max_length=_CURSOR_MAX, description="`next_cursor` of the page before, for `page`"),
]
TestId = Annotated[Id | None, Query(description="one experiment; else all")]
OfFunnel = Annotated[Id | None, Query(description="sessions in one funnel; else in all")]
ByMetric = Annotated[Metric, Query(description="what a variant is judged by")]
Sequential = Annotated[
    bool, Query(description="p and intervals that hold however often they are looked at")
]


def _asked(page: PageNumber = 1, page_size: PageSize = SIZE, cursor: Cursor = None) -> Asked:
    """Raises Problem (422) for a cursor that is none."""
    return Asked(page, page_size, None if cursor is None else place(cursor))


def _numbered(page: PageNumber = 1, page_size: PageSize = SIZE) -> Asked:
    return Asked(page, page_size)


Page = Annotated[Asked, Depends(_asked)]
NumberedPage = Annotated[Asked, Depends(_numbered)]


def wanted(report: Report, currency: str | None) -> Wanted:
    return Wanted(report.currency, currency)
