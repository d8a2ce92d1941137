"""The demo's second act: a real shop's clicks and a simulated storefront, and what must come of it.

Published once, like the first act: what the log holds already, it does not get again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import chain
from typing import Any

from daybook.cli.demo import ecom_events
from daybook.cli.demo.ecom import Click
from daybook.cli.demo.publish import ids_in_log
from daybook.cli.support.interrupt import interruptible
from daybook.cli.support.simulate_publish import Progress, Publisher
from daybook.engine.errors import DaybookError, Unavailable
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.clients import producer
from daybook.engine.mongo.client import Documents, reachable
from daybook.engine.settings import Settings
from daybook.simulate.answer.answer import Answer
from daybook.simulate.answer.compare import Where, all_differences
from daybook.simulate.answer.entry import Entry
from daybook.simulate.answer.shape import OF_THE_PLATFORM, SHAPES
from daybook.simulate.message import TOPICS, TRACKING, Message
from daybook.simulate.organizations import ORGANIZATIONS
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront
from schemas.catalogue import source, topic_name

PLAN = Plan(20_000, seed=1, start=date(2026, 1, 5), days=14)
_DIFFERENCES_SHOWN = 10


SHOPS = [name or "default" for name in ORGANIZATIONS] + [ecom_events.ORGANIZATION]
"""The organizations of the traffic; in no other one the demo knows what must come out."""

Known = dict[str, dict[str, dict[str, Any]]]
"""Collection, `_id` and field to its value."""


class WrongAnswer(DaybookError):
    """A document is not what the traffic comes to."""


def traffic(clicks: list[Click]) -> list[Message]:
    """The messages of both, in the order in which the log gets them; the same in every run."""
    return [*chain(_clicked(clicks), storefront(PLAN))]


def missing(settings: Settings, messages: list[Message]) -> list[Message]:
    """Those that the log does not hold, in their order. Raises DaybookError, Unavailable."""
    wanted = {message.event["event_id"] for message in messages}
    present = ids_in_log(settings, TOPICS, wanted)
    return [message for message in messages if message.event["event_id"] not in present]


def tracked(messages: list[Message]) -> int:
    return Counter(message.topic for message in messages)[TRACKING]


def publish(settings: Settings, messages: list[Message], progress: Progress) -> None:
    """Returns when the brokers hold every message. Raises Unavailable, KeyboardInterrupt."""
    senders = {topic: BulkProducer(producer(settings), topic_name(topic)) for topic in TOPICS}
    publisher = Publisher(senders, None, progress)
    with interruptible(publisher):
        publisher.publish(messages)
    if any(sender.interrupted for sender in senders.values()):
        raise KeyboardInterrupt
    if publisher.why:
        raise Unavailable(f"Kafka did not take every message: {publisher.why}")


def known(settings: Settings, messages: list[Message]) -> Known:
    """What a second, independent count of the messages tells."""
    told: Known = defaultdict(dict)
    with Answer(settings.zone_info(), settings.leader_roles) as answer:
        for message in messages:
            answer.take(Entry(message.topic, message.event, appended_ms=0))
        for line in answer.lines():
            told[line["collection"]][line["_id"]] = line["fields"]
    return told


def compare(documents: Documents, told: Known) -> int:
    """How many documents are what is told of them.

    Raises WrongAnswer, naming documents and fields; Unavailable.
    """
    stored: dict[Where, Any] = {}
    for collection in SHAPES:
        own: dict[str, Any] = {"organization_id": {"$in": SHOPS}}
        if collection in OF_THE_PLATFORM:
            own = {"_id": {"$in": list(told[collection])}}  # the first act has days of its own
        with reachable():
            stored |= {(collection, one["_id"]): one for one in documents[collection].find(own)}
    known = {(name, own): fields for name, some in told.items() for own, fields in some.items()}
    wrong = [
        f"{collection} {name}: {field} is {one}, and should be {other}"
        for (collection, name), (field, one, other) in all_differences(stored, known)
    ]
    if wrong:
        raise WrongAnswer(
            "\n".join(wrong[:_DIFFERENCES_SHOWN])
            + f"\n{len(wrong):,} numbers differ. If you tracked events of your own without an "
            "organization, that is why: `daybook verify funnel-step --all` says whether the "
            "documents are what the log says"
        )
    return len(stored.keys() | known.keys())


def _clicked(clicks: list[Click]) -> Iterator[Message]:
    for topic, event in ecom_events.events(clicks):
        yield Message(0, topic, source(topic).key_of(event), event)
