"""A document that was restored and is counted again is newer than it ever was."""

from daybook.engine.documents.change import Amount, Change, Document
from daybook.engine.documents.counting_rules import Rules
from daybook.engine.mongo.store import MongoStore
from daybook.engine.partition import Partition
from models.order_funnel import OrderFunnelDay
from tests.support.backups import DocumentBackup
from tests.support.world import World

HERE = Partition("orders", "topic-id", 0)
DAY = Document(OrderFunnelDay, (), "2026-11-20")


def test_the_revision_is_above_all_of_before_the_restore(world: World) -> None:
    now = [1_000.0]
    stamps = {OrderFunnelDay.collection: 1}
    store = MongoStore(world.documents, Rules("UTC", frozenset(), 50), stamps, clock=lambda: now[0])

    def count(offset: int) -> int:
        assert (
            store.apply([Change(DAY, offset, offset, {Amount("07", "orders_created"): 1})], HERE)
            == []
        )
        stored = world.documents[OrderFunnelDay.collection].find_one({"_id": DAY.id})
        assert stored is not None
        return int(stored["_daybook"]["revision"])

    first = count(0)
    backup = DocumentBackup(world.documents)
    before = [count(offset) for offset in range(1, 50)]
    assert [first, *before] == sorted({first, *before}), "every write raises it"
    backup.restore()
    now[0] += 60
    assert count(1) > before[-1]
