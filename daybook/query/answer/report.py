"""What every route of a report is given, and what its parameters mean."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Query, Request, Response
from fastapi.dependencies.models import Dependant

from daybook.query.access.authenticate import Gate
from daybook.query.answer.answers import Answers, Build, Making, response
from daybook.query.answer.cache import Question
from daybook.query.answer.keep import Keep
from daybook.query.caller import Caller
from daybook.query.exports.services import ExportServices
from daybook.query.figures.date_range import Span, span, zone_named
from daybook.query.middleware import TURN
from daybook.query.problem import CURRENCY, Problem, wrong
from daybook.query.read.freshness import Freshness
from daybook.query.read.mongo import Reader
from daybook.query.read.redis import Live
from daybook.query.read.scope import Scope, organization_scope, platform_scope
from daybook.query.stream.relay import Relay
from schemas.fields import Id

_RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Services:
    """What stands behind the routes, in `app.state.services`."""

    reader: Reader
    live: Live
    freshness: Freshness
    answers: Answers
    gate: Gate
    relay: Relay
    exports: ExportServices
    currency: str


@dataclass(frozen=True, slots=True)
class Report:
    """`zone` is the caller's, `fleet_zone` that of the days; `currency` the one told first."""

    request: Request
    scope: Scope
    live: Live
    zone: ZoneInfo
    fleet_zone: ZoneInfo
    currency: str
    answers: Answers

    @property
    def now(self) -> datetime:
        return datetime.now(self.fleet_zone)

    async def answer(self, keep: Keep, groups: tuple[str, ...], build: Build) -> Response:
        """The body that `build` makes, or the one remembered; `groups` keep its numbers.

        Raises Unavailable, and whatever `build` raises.
        """
        said = self.request.query_params.multi_items()
        question = Question.of(self.scope.name, self.request.url.path, said)
        making = Making(self.scope, keep, groups, self.zone, build)
        await self.request.scope[TURN]()
        answer, origin = await self.answers.get(question, making)
        return response(self.request, answer, origin)


async def caller(request: Request) -> Caller:
    """Raises Problem: 401, 429, 503."""
    services: Services = request.app.state.services
    found = await services.gate.let_in(request)
    _only_known(request)
    return found


Asking = Annotated[Caller, Depends(caller)]
Zone = Annotated[str | None, Query(alias="tz", max_length=64, description="of the times told")]
Organization = Annotated[
    Id | None,
    Query(description="for the role admin: whose reports; others may name their own alone"),
]


async def organization_report(
    request: Request, own: Asking, tz: Zone = None, organization_id: Organization = None
) -> Report:
    """Of the caller's organization; for admins of the one named, `default` if none is."""
    services: Services = request.app.state.services
    return await _report(request, organization_scope(services.reader, own, organization_id), tz)


async def named_organization_report(
    request: Request, own: Asking, organization: Annotated[Id, Path()], tz: Zone = None
) -> Report:
    """Of the organization in the path, if it is the caller's."""
    services: Services = request.app.state.services
    return await _report(request, organization_scope(services.reader, own, organization), tz)


async def platform_report(request: Request, own: Asking, tz: Zone = None) -> Report:
    services: Services = request.app.state.services
    return await _report(request, platform_scope(services.reader, own), tz)


async def _report(request: Request, scope: Scope, tz: str | None) -> Report:
    services: Services = request.app.state.services
    zone = zone_named(tz) if tz else None
    fleet_zone = await services.freshness.zone()
    return Report(
        request,
        scope,
        services.live,
        zone or fleet_zone,
        fleet_zone,
        services.currency,
        services.answers,
    )


OrganizationReport = Annotated[Report, Depends(organization_report)]
NamedOrganizationReport = Annotated[Report, Depends(named_organization_report)]
PlatformReport = Annotated[Report, Depends(platform_report)]

First = Annotated[
    str | None, Query(alias="from", max_length=40, description="first day; `date_from` as well")
]
Last = Annotated[
    str | None, Query(alias="to", max_length=40, description="last day, counted; or `date_to`")
]
FirstToo = Annotated[str | None, Query(alias="date_from", max_length=40)]
LastToo = Annotated[str | None, Query(alias="date_to", max_length=40)]


async def asked_span(
    request: Request,
    _: Asking,
    first: First = None,
    last: Last = None,
    date_from: FirstToo = None,
    date_to: LastToo = None,
    tz: Zone = None,
) -> Span:
    """Both bounds are needed. Raises Problem (422)."""
    services: Services = request.app.state.services
    fleet_zone = await services.freshness.zone()
    zone = zone_named(tz) if tz else fleet_zone
    today = datetime.now(fleet_zone).date()
    bounds = _either(first, date_from), _either(last, date_to)
    names = ("from" if date_from is None else "date_from", "to" if date_to is None else "date_to")
    return span(*bounds, fleet_zone, zone, today, names)


async def recent_span(
    request: Request,
    own: Asking,
    first: First = None,
    last: Last = None,
    date_from: FirstToo = None,
    date_to: LastToo = None,
    tz: Zone = None,
) -> Span:
    """The last 30 days, today among them, unless a range was asked for."""
    if first or last or date_from or date_to:
        return await asked_span(request, own, first, last, date_from, date_to, tz)
    services: Services = request.app.state.services
    today = datetime.now(await services.freshness.zone()).date()
    begin = today - timedelta(days=_RECENT_DAYS - 1)
    return await asked_span(request, own, begin.isoformat(), today.isoformat(), None, None, tz)


Range = Annotated[Span, Depends(asked_span)]
RecentRange = Annotated[Span, Depends(recent_span)]
Compare = Annotated[
    Literal["previous"] | None, Query(description="`previous`: the period before, and the change")
]
Money = Annotated[
    str | None,
    Query(pattern=CURRENCY, description="told first; else the fleet's, where there is any"),
]


def _either(one: str | None, other: str | None) -> str | None:
    if one is not None and other is not None and one != other:
        raise Problem(422, "a bound is given twice: by its short and by its long name")
    return one if one is not None else other


def _only_known(request: Request) -> None:
    """A parameter that is misspelt, or was never one, is not passed over in silence."""
    said = [name for name, _ in request.query_params.multi_items()]
    if not said:
        return
    known = set(_parameters(request.scope["route"].dependant))
    if any(name not in known for name in said):
        told = ", ".join(sorted(known))
        raise Problem(422, f"this report has the parameters {told}, and no others")
    if twice := {name for name in said if said.count(name) > 1}:
        raise wrong(min(twice), "is given twice")


def _parameters(dependant: Dependant) -> list[str]:
    own = [field.alias for field in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _parameters(each)]
