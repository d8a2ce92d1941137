"""Publishes a storefront's traffic for funnel-step, and checks documents by its known answer."""

from collections.abc import Iterator
from datetime import date
from functools import cached_property

from bench.servers import PARTITIONS
from bench.totals import WrongTotals
from daybook.cli.support.simulate_publish import Publisher
from daybook.engine.kafka import clients
from daybook.engine.kafka.bulk_producer import BulkProducer
from daybook.engine.kafka.topics import DeclaredTopic, create
from daybook.engine.mongo.client import Documents
from daybook.engine.settings import Settings
from daybook.simulate.answer.answer import answer
from daybook.simulate.answer.compare import all_differences, by_document
from daybook.simulate.answer.entry import Entry
from daybook.simulate.answer.render import Line
from daybook.simulate.answer.shape import SHAPES
from daybook.simulate.message import DEFINITIONS, TRACKING, Message
from daybook.simulate.plan import Plan
from daybook.simulate.storefront import storefront
from schemas.catalogue import catalogue

PREFIX = "bench."
TOPIC = PREFIX + TRACKING
_FIRST_DAY = date(2026, 1, 5)
_DAYS = 14
_SEED = 1


class Storefront:
    """`count` tracking events of `daybook simulate` over 14 days, including duplicates, and the
    definitions of their funnels, experiments and ticketed events."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._plan = Plan(count, _SEED, _FIRST_DAY, _DAYS)

    def messages(self) -> Iterator[Message]:
        return (m for m in storefront(self._plan) if m.topic in (TRACKING, *DEFINITIONS))

    def publish(self, settings: Settings) -> None:
        """Creates the topics, and sends all messages in order. Raises RuntimeError."""
        client = clients.admin(settings)
        for topic in (TRACKING, *DEFINITIONS):
            partitions = PARTITIONS if topic == TRACKING else 1
            create(client, DeclaredTopic(PREFIX + topic, partitions, 1, catalogue().config(topic)))
        senders = {
            topic: BulkProducer(clients.producer(settings), PREFIX + topic)
            for topic in (TRACKING, *DEFINITIONS)
        }
        publisher = Publisher(senders, None, lambda tracked: None)
        publisher.publish(self.messages())
        if publisher.why:
            raise RuntimeError(f"the broker did not accept every message: {publisher.why}")

    @cached_property
    def known(self) -> list[Line]:
        """The known answer, which shares no code with the group."""
        return answer(Entry(m.topic, m.event, appended_ms=0) for m in self.messages())

    def check(self, program: str, documents: Documents) -> None:
        """Compares every number of every document. Raises WrongTotals naming the first."""
        if program == "bare":
            return
        stored = {(name, one["_id"]): one for name in SHAPES for one in documents[name].find()}
        for (collection, name), field in all_differences(stored, by_document(self.known)):
            raise WrongTotals(f"{collection} {name}: {field}")
