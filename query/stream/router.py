"""The route of the streams."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from query.examples import STREAM
from query.problem import Problem
from query.report import Asking, Organization, Services
from query.scope import organization_scope
from query.stream.channel import Asked, Channel, channel_named
from query.stream.kept import of_the_event, of_the_organization
from query.stream.response import Stream
from query.stream.topic import Load

router = APIRouter(prefix="/api/v1/analytics", tags=["stream"])


def _named(channel: Asked) -> Channel:
    return channel_named(channel)


@router.get("/stream", status_code=200, response_class=Stream, **STREAM)
async def stream(
    request: Request,
    own: Asking,
    channel: Annotated[Channel, Depends(_named)],
    organization_id: Organization = None,
) -> Response:
    """Today's numbers as they happen, as server-sent events.

    It begins with the totals as they stand, whatever `Last-Event-ID` says: each event tells totals,
    so nothing is lost by an interruption.
    """
    services: Services = request.app.state.services
    asked = organization_id
    if channel.kind == "dashboard":
        asked = channel.id if asked in (None, channel.id) else asked
        if asked != channel.id:
            raise Problem(422, "channel and organization_id name two organizations")
    scope = organization_scope(services.reader, own, asked)
    zone = await services.freshness.zone()
    load: Load
    if channel.kind == "event":
        load = partial(of_the_event, scope, services.live, zone, channel.id)
    else:
        load = partial(of_the_organization, scope, zone)
    feed = services.relay.open(channel.address(scope.organization), channel.kind, load)
    return Stream(feed, partial(services.gate.still_knows, request))
