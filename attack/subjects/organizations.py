"""What one organization can do to another's numbers, or with a public key to its own lists."""

import uuid
from datetime import UTC, datetime, timedelta

from attack.attack import Attack, Sent, Target
from attack.calls import Statuses, report, track
from attack.counting import counted, orders_created
from attack.fleet import OTHER
from attack.lag import wait_for_no_lag
from attack.publishing import ORDERS, TRACKING, Publisher, event, message
from daybook.engine.kafka import clients
from daybook.engine.mongo.client import Documents, database

_FUNNEL, _EVENTS = "apart", 50
_UNPUBLISHED, _BATCH = 50_100, 500
_COUNT_SECONDS_MAX = 50.0


def same_event_ids(target: Target) -> Sent:
    """The attacker knows another organization's ids, and sends each of its events first."""
    publisher = Publisher(target)
    with database(target.settings).client as client:
        before = orders_created(client[target.settings.mongodb_database])
    ids = [str(uuid.uuid4()) for _ in range(_EVENTS)]
    own = {"visitor_id": "shared", "session_id": "s", "funnel_id": _FUNNEL, "page": "/"}
    for organization in ("attacker", OTHER):
        views = [event("page_view", own, organization, event_id=known) for known in ids]
        publisher.publish(TRACKING, [message("shared", view) for view in views])
        orders = [
            event(
                "order.created",
                {"order_id": f"shared-{number}", "currency": "EUR", "total_cents": 100},
                organization,
                event_id=known,
            )
            for number, known in enumerate(ids)
        ]
        keyed = [message(order["data"]["order_id"], order) for order in orders]
        publisher.publish(ORDERS, keyed)
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        viewed = counted(lambda: _page_views(documents, OTHER), _EVENTS)
        created = counted(lambda: orders_created(documents) - before, 2 * _EVENTS)
    failures = []
    if viewed != _EVENTS:
        failures.append(f"{viewed} of another organization's {_EVENTS} page views were counted")
    if created < 2 * _EVENTS:
        failures.append(f"{created} of both organizations' {2 * _EVENTS} orders were counted")
    return Sent(f"{publisher}: the same {_EVENTS} event_ids by two organizations", failures)


def _page_views(documents: Documents, organization: str) -> int:
    days = documents["analytics_funnel"].find(
        {"organization_id": organization, "funnel_id": _FUNNEL}, {"page_views": 1}
    )
    return sum(int(day.get("page_views", 0)) for day in days)


def unpublished_funnels(target: Target) -> Sent:
    """A public key, which anyone finds in a web page, names funnels that nobody published."""
    statuses, sent = Statuses(), 0
    while sent < _UNPUBLISHED:
        views = [_view(sent + number) for number in range(_BATCH)]
        # A visitor's address has tokens for one such batch; an attacker has many addresses.
        source = f"127.3.{sent // _BATCH // 250}.{sent // _BATCH % 250 + 1}"
        statuses.add(track(target.collector_port, target.keys["write"], views, source=source))
        sent += _BATCH
    failures = statuses.faults()
    with database(target.settings).client as client:
        documents = client[target.settings.mongodb_database]
        wait_for_no_lag(documents, clients.admin(target.settings), _COUNT_SECONDS_MAX)
    today = datetime.now(UTC).date()
    days = f"from={today - timedelta(days=2)}&to={today}"
    for path in (
        f"/organizations/attacker/dashboard?{days}",
        f"/organizations/attacker/dashboard?{days}&compare=previous",
    ):
        reply = report(target.query_port, target.keys["analyst"], path)
        if reply.status != 200:
            failures.append(f"the organization's dashboard answers {reply.status} from then on")
            break
    return Sent(f"{sent:,} page views, each of another funnel ({statuses})", failures)


def _view(number: int) -> dict[str, str]:
    return {
        "event_id": str(uuid.uuid4()),
        "event_type": "page_view",
        "visitor_id": f"many-{number % 1_000}",
        "session_id": "s",
        "funnel_id": f"nobody-published-{number}",
    }


ATTACKS = (
    Attack("another organization's event_ids", same_event_ids, seconds_max=70),
    Attack("50,100 unpublished funnels", unpublished_funnels, (), 90, 90),
)
