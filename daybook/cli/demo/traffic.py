"""The demo's visitors: a shop's clicks and a simulated storefront, with their known answer.

Like the purchases, they are published once: events that the log holds are not sent again.
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
_DIFFERENCES_SHOWN_MAX = 10


SHOPS = [name or "default" for name in ORGANIZATIONS] + [ecom_events.ORGANIZATION]
"""The organizations of the traffic; only for these the demo knows the answer."""

Known = dict[str, dict[str, dict[str, Any]]]
"""Collection to `_id` to field to value."""


class WrongAnswer(DaybookError):
    """A document differs from the known answer of the traffic."""


def traffic(clicks: list[Click]) -> list[Message]:
    """The messages of clicks and storefront, in publishing order; the same in every run."""
    return [*chain(_click_messages(clicks), storefront(PLAN))]


def missing(settings: Settings, messages: list[Message]) -> list[Message]:
    """The messages that the log does not hold, in order. Raises DaybookError, Unavailable."""
    wanted = {message.event["event_id"] for message in messages}
    present = ids_in_log(settings, TOPICS, wanted)
    return [message for message in messages if message.event["event_id"] not in present]


def tracked(messages: list[Message]) -> int:
    return Counter(message.topic for message in messages)[TRACKING]


def publish(settings: Settings, messages: list[Message], progress: Progress) -> None:
    """Returns when the brokers hold every message. Raises Unavailable, KeyboardInterrupt."""
    producers = {topic: BulkProducer(producer(settings), topic_name(topic)) for topic in TOPICS}
    publisher = Publisher(producers, None, progress)
    with interruptible(publisher):
        publisher.publish(messages)
    if any(bulk.interrupted for bulk in producers.values()):
        raise KeyboardInterrupt
    if publisher.why:
        raise Unavailable(f"Kafka did not accept every message: {publisher.why}")


def known(settings: Settings, messages: list[Message]) -> Known:
    """The result of a second, independent count of the messages."""
    result: Known = defaultdict(dict)
    with Answer(settings.zone_info(), settings.leader_roles) as answer:
        for message in messages:
            answer.take(Entry(message.topic, message.event, appended_ms=0))
        for line in answer.lines():
            result[line["collection"]][line["_id"]] = line["fields"]
    return result


def compare(documents: Documents, known: Known) -> int:
    """The number of documents, all of which equal the known answer.

    Raises WrongAnswer, naming documents and fields; Unavailable.
    """
    stored: dict[Where, Any] = {}
    for collection in SHAPES:
        query: dict[str, Any] = {"organization_id": {"$in": SHOPS}}
        if collection in OF_THE_PLATFORM:
            # CDNOW's purchases have days in the same collections.
            query = {"_id": {"$in": list(known[collection])}}
        with reachable():
            stored |= {(collection, day["_id"]): day for day in documents[collection].find(query)}
    expected = {
        (collection, id): fields
        for collection, days in known.items()
        for id, fields in days.items()
    }
    differences = [
        f"{collection} {id}: {field} is {value}, but {right} is right"
        for (collection, id), (field, value, right) in all_differences(stored, expected)
    ]
    if differences:
        raise WrongAnswer(
            "\n".join(differences[:_DIFFERENCES_SHOWN_MAX])
            + f"\n{len(differences):,} numbers differ. Did you track events of your own without an "
            "organization? `daybook verify funnel-step --all` shows whether the documents equal "
            "the log"
        )
    return len(stored.keys() | expected.keys())


def _click_messages(clicks: list[Click]) -> Iterator[Message]:
    for topic, event in ecom_events.events(clicks):
        yield Message(0, topic, source(topic).key_of(event), event)
