"""Dependencies of the report routes: services, caller, scope and time zone."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Query, Request, Response
from fastapi.dependencies.models import Dependant

from daybook.query.access.authenticate import Authenticator
from daybook.query.answer.answers import Answers, Build, Recipe, response
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
    """Shared by the routes of all reports, as `app.state.services`."""

    reader: Reader
    live: Live
    freshness: Freshness
    answers: Answers
    authenticator: Authenticator
    currency: str


@dataclass(frozen=True, slots=True)
class Report:
    """`zone` is that of timestamps, `fleet_zone` that of the days; `currency` is preferred."""

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

    async def answer(self, policy: CachePolicy, groups: tuple[str, ...], build: Build) -> Response:
        """The response with the body from `build`, or a cached one; `groups` count its numbers.

        Raises Unavailable, and whatever `build` raises.
        """
        parameters = self.request.query_params.multi_items()
        # Not the URL's, which the header `Host` is part of.
        key = CacheKey.of(self.scope.name, self.request.scope["path"], parameters)
        recipe = Recipe(self.scope, policy, groups, self.zone, build)
        await self.request.scope[TURN]()
        answer, origin = await self.answers.get(key, recipe)
        return response(self.request, answer, origin)


async def authenticated_caller(request: Request) -> Caller:
    """Raises Problem: 401, 422, 429, 503."""
    services: Services = request.app.state.services
    caller = await services.authenticator.authenticate(request)
    _check_parameter_names(request)
    return caller


Authenticated = Annotated[Caller, Depends(authenticated_caller)]
Zone = Annotated[
    str | None,
    Query(alias="tz", max_length=64, description="time zone of the timestamps in the response"),
]
Organization = Annotated[
    Id | None,
    Query(
        description="whose reports to read, for the role admin; other roles may name only their own"
    ),
]


async def organization_report(
    request: Request, caller: Authenticated, tz: Zone = None, organization_id: Organization = None
) -> Report:
    """A report of the caller's organization; for admins, of the one named, by default `default`."""
    services: Services = request.app.state.services
    return await _report(request, organization_scope(services.reader, caller, organization_id), tz)


async def named_organization_report(
    request: Request, caller: Authenticated, organization: Annotated[Id, Path()], tz: Zone = None
) -> Report:
    """A report of the organization in the path, which must be the caller's unless an admin asks."""
    services: Services = request.app.state.services
    return await _report(request, organization_scope(services.reader, caller, organization), tz)


async def platform_report(request: Request, caller: Authenticated, tz: Zone = None) -> Report:
    services: Services = request.app.state.services
    return await _report(request, platform_scope(services.reader, caller), tz)


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


def _check_parameter_names(request: Request) -> None:
    """Raises Problem (422) for unknown parameters, so that a misspelt one is not ignored."""
    given = [name for name, _ in request.query_params.multi_items()]
    if not given:
        return
    known = set(_parameter_names(request.scope["route"].dependant))
    if any(name not in known for name in given):
        valid = ", ".join(sorted(known))
        raise Problem(422, f"unknown parameter; this report accepts {valid}")
    if repeated := {name for name, count in Counter(given).items() if count > 1}:
        raise wrong(min(repeated), "must be given only once")


def _parameter_names(dependant: Dependant) -> list[str]:
    names = [field.alias for field in dependant.query_params]
    return names + [
        name for dependency in dependant.dependencies for name in _parameter_names(dependency)
    ]
