"""The route of the event stream."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from daybook.query.answer.report import Authenticated, Organization, Services
from daybook.query.examples import STREAM
from daybook.query.middleware import TURN
from daybook.query.problem import Problem
from daybook.query.read.scope import organization_scope
from daybook.query.stream.channel import Channel, ChannelParameter, parse_channel
from daybook.query.stream.channel_state import Load
from daybook.query.stream.relay import Relay
from daybook.query.stream.response import Stream
from daybook.query.stream.snapshot import load_event_totals, load_organization_totals

router = APIRouter(prefix="/api/v1/analytics", tags=["stream"])


def _channel(channel: ChannelParameter) -> Channel:
    return parse_channel(channel)


@router.get("/stream", status_code=200, response_class=Stream, **STREAM)
async def stream(
    request: Request,
    caller: Authenticated,
    channel: Annotated[Channel, Depends(_channel)],
    organization_id: Organization = None,
) -> Response:
    """Live updates of today's numbers, as server-sent events.

    The stream starts with the current totals, whatever `Last-Event-ID` is. Every event contains
    totals, so an interruption loses nothing.
    """
    services: Services = request.app.state.services
    organization = organization_id
    if channel.kind == "dashboard":
        organization = channel.id if organization in (None, channel.id) else organization
        if organization != channel.id:
            raise Problem(422, "channel and organization_id name different organizations")
    scope = organization_scope(services.reader, caller, organization)
    zone = await services.freshness.zone()
    load: Load
    if channel.kind == "event":
        load = partial(load_event_totals, scope, services.live, zone, channel.id)
    else:
        load = partial(load_organization_totals, scope, zone)
    relay: Relay = request.app.state.relay
    queue = relay.open(channel.redis_name(scope.organization), channel.kind, load, caller)
    await request.scope[TURN]()  # it may wait for Redis
    return Stream(queue, partial(services.authenticator.is_still_valid, request))
