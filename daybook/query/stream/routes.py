"""The route of the streams."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from daybook.query.answer.report import Asking, Organization, Services
from daybook.query.examples import STREAM
from daybook.query.problem import Problem
from daybook.query.read.scope import organization_scope
from daybook.query.stream.channel import Asked, Channel, channel_named
from daybook.query.stream.channel_state import Load
from daybook.query.stream.relay import Relay
from daybook.query.stream.response import Stream
from daybook.query.stream.snapshot import of_the_event, of_the_organization

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
    relay: Relay = request.app.state.relay
    feed = relay.open(channel.address(scope.organization), channel.kind, load)
    return Stream(feed, partial(services.gate.still_knows, request))
