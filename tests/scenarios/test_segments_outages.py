"""Servers are away for a while, or go back, or a member is frozen: nobody is lost."""

import os
import signal
from pathlib import Path

from daybook.local.kafka import Kafka
from daybook.local.mongodb import MongoDB
from tests.support.backups import FileBackup
from tests.support.member import MemberProcess
from tests.support.segments import Audience, ms, text
from tests.support.wait import until
from tests.support.world import World

CLOCK = f"--clock={text('3rd 12:00')}"
SECONDS = 150


def crowd(audience: Audience, numbers: range) -> None:
    for number in numbers:
        audience.track("cart_add", f"2nd 10:{number:02d}", f"v{number}", f"u{number}")


def assert_everybody_left(audience: Audience, people: int) -> None:
    expected = {
        f"u:u{number}": (False, ms(f"2nd 10:{number:02d}"), ms(f"3rd 10:{number:02d}"))
        for number in range(people)
    }
    assert audience.members() == expected
    assert len(audience.told()) == 2 * people


def wait_for(audience: Audience, people: int) -> None:
    until(lambda: len(audience.members()) == people, f"{people} have been members", SECONDS)


def begun(world: World) -> tuple[Audience, MemberProcess]:
    """A segment with its first ten members, and the member of the group that runs on."""
    audience = Audience(world)
    audience.define()
    crowd(audience, range(10))
    member = world.member("segment", CLOCK)
    wait_for(audience, 10)
    return audience, member


def test_mongodb_is_away(servers: dict[str, str], mongodb: MongoDB, tmp_path: Path) -> None:
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
        audience, member = begun(world)
        mongodb.kill()
        crowd(audience, range(10, 20))
        member.wait_for("segments wait for a server")
        mongodb.start()
        wait_for(audience, 20)
        member.end()
        assert_everybody_left(audience, 20)


def test_mongodb_is_restored_to_an_earlier_moment(
    servers: dict[str, str], mongodb: MongoDB, tmp_path: Path
) -> None:
    with World(servers | {"DAYBOOK_MONGODB_URI": mongodb.address}, tmp_path) as world:
        audience, member = begun(world)
        backup = FileBackup(mongodb, tmp_path / "backup")
        crowd(audience, range(10, 20))
        wait_for(audience, 20)
        backup.restore()
        member.wait_for("segments start again")
        crowd(audience, range(20, 30))
        wait_for(audience, 30)
        member.end()
        assert_everybody_left(audience, 30)


def test_the_broker_is_restarted(servers: dict[str, str], broker: Kafka, tmp_path: Path) -> None:
    variables = {"DAYBOOK_KAFKA_BOOTSTRAP_SERVERS": broker.address}
    with World(servers | variables, tmp_path) as world:
        audience, member = begun(world)
        broker.kill()
        member.wait_for("segments wait for a server")
        broker.start()
        crowd(audience, range(10, 20))
        wait_for(audience, 20)
        member.end()
        assert_everybody_left(audience, 20)


def test_a_member_is_frozen_past_its_session_while_another_goes_on(world: World) -> None:
    audience, frozen = begun(world)
    crowd(audience, range(10, 20))
    os.kill(frozen.pid, signal.SIGSTOP)
    other = world.member("segment", CLOCK)
    crowd(audience, range(20, 30))
    wait_for(audience, 30)
    frozen.thaw()
    crowd(audience, range(30, 40))
    wait_for(audience, 40)
    for member in (frozen, other):
        member.end()
    assert_everybody_left(audience, 40)
