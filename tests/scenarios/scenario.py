"""The frame of a scenario: one fault, then every check."""

from abc import ABC, abstractmethod
from typing import ClassVar

from tests.support import checks
from tests.support.shop import Message, Shop
from tests.support.watch import Watch
from tests.support.world import World

SMALL_BATCHES = {"DAYBOOK_BATCH_MESSAGES_MAX": "200", "DAYBOOK_LINGER_MS": "10"}


class Scenario(ABC):
    """`play` causes the fault, and ends with every message counted.

    Then every check runs: each document equals the recount, no watermark went back, there is no
    lag, every dead letter is recorded and produced.
    """

    group: ClassVar[str] = "revenue"
    messages: ClassVar[int] = 3_000
    recountable: ClassVar[bool] = True

    def __init__(self, world: World, seed: int = 1) -> None:
        self.world = world
        self.shop = Shop(seed)

    @abstractmethod
    def play(self) -> None: ...

    @abstractmethod
    def assert_fault_happened(self) -> None: ...

    def run(self) -> None:
        self.prepare()
        with Watch(self.world.documents) as watch:
            self.play()
        self.assert_fault_happened()
        watch.assert_never_back()
        self.check()

    def prepare(self) -> None:
        self.world.make_topic()
        self.publish(self.messages)

    def publish(self, count: int) -> None:
        messages: list[Message] = self.shop.messages(count)
        self.world.publish(self.shop.with_poison(messages))

    def check(self) -> None:
        checks.assert_no_lag(self.world, self.group)
        checks.assert_dead_letters_are_whole(self.world, self.group, self.shop.poison)
        if self.recountable:
            checks.assert_recounted_equal(self.world, self.group)
        checks.assert_counted(self.world, self.group, self.shop.events)
