"""5,000 mutated messages of every type end no member of any group, and the numbers stay exact."""

from tests.support import checks
from tests.support.hostile import hostile_messages
from tests.support.world import World

MESSAGES = {
    "sc.domain.user": 800,
    "sc.domain.order": 1_200,
    "sc.domain.funnel": 500,
    "sc.domain.event": 200,
    "sc.tracking.funnel": 2_300,
}
GROUPS = ("user-lifecycle", "order-funnel", "revenue", "funnel-step")


def test_no_message_ends_a_member_and_every_number_can_be_recounted(world: World) -> None:
    for topic, number in MESSAGES.items():
        world.make_topic(topic, partitions=1)
        world.publish(hostile_messages(topic, number), topic)
    members = [world.member(group, "--until-caught-up") for group in GROUPS]
    for member in members:
        assert member.wait(240) == 0, member.output()
        assert member.counted("counted") > 100
    for group in GROUPS:
        checks.assert_no_lag(world, group)
        checks.assert_recounted_equal(world, group)
