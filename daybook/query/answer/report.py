"""What every route of a report is given, and what its parameters mean."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Query, Request, Response
from fastapi.dependencies.models import Dependant

from daybook.query.access.authenticate import Authenticator
from daybook.query.answer.answers import Answers, Build, Making, response
from daybook.query.answer.cache import CacheKey, CachePolicy
from daybook.query.caller import Caller
from daybook.query.figures.date_range import zone_named
from daybook.query.middleware import TURN
from daybook.query.problem import Problem, wrong
from daybook.query.read.freshness import Freshness
from daybook.query.read.mongo import Reader
from daybook.query.read.redis import Live
from daybook.query.read.scope import Scope, organization_scope, platform_scope
from schemas.fields import Id


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes of all reports share, in `app.state.services`."""

    reader: Reader
    live: Live
    freshness: Freshness
    answers: Answers
    gate: Authenticator
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

    async def answer(self, keep: CachePolicy, groups: tuple[str, ...], build: Build) -> Response:
        """The body that `build` makes, or the one remembered; `groups` keep its numbers.

        Raises Unavailable, and whatever `build` raises.
        """
        said = self.request.query_params.multi_items()
        question = CacheKey.of(self.scope.name, self.request.url.path, said)
        making = Making(self.scope, keep, groups, self.zone, build)
        await self.request.scope[TURN]()
        answer, origin = await self.answers.get(question, making)
        return response(self.request, answer, origin)


async def caller(request: Request) -> Caller:
    """Raises Problem: 401, 429, 503."""
    services: Services = request.app.state.services
    found = await services.gate.authenticate(request)
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
