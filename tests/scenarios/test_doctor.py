"""`daybook doctor` on real servers: healthy, restored from different moments, a server away."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from daybook.engine.operations.doctor import Finding
from daybook.engine.operations.doctor_progress import progress
from daybook.engine.protocol.fleet import find_fleet
from schemas.catalogue import catalogue
from tests.support.backups import DocumentBackup
from tests.support.shop import Shop
from tests.support.world import World

ROOT = Path(__file__).parents[2]


def findings(world: World, short: str = "revenue") -> list[Finding]:
    small = world.settings.model_copy(update={"batch_messages_max": 100})
    group, fleet = world.group(short), str(find_fleet(world.documents, world.admin))
    return list(progress(group, fleet, world.documents, world.admin, small))


def problems(world: World, short: str = "revenue") -> list[str]:
    return [one.text for one in findings(world, short) if one.is_problem]


def counted(world: World, messages: int) -> None:
    world.publish(Shop(messages).messages(messages))
    world.catch_up("revenue")


def test_collections_restored_at_different_moments_are_named(world: World) -> None:
    world.make_topic(partitions=1)
    counted(world, 500)
    earlier = DocumentBackup(world.documents)
    counted(world, 2_000)
    assert problems(world) == []
    later = list(world.documents["order_state"].find())
    earlier.restore()
    [went_back] = problems(world)
    assert "the database went back from offset" in went_back
    world.documents["order_state"].delete_many({})
    world.documents["order_state"].insert_many(later)
    named = [text for text in problems(world) if text.startswith("order_state ")]
    assert named, "the states are of a later moment than the checkpoints"
    earlier.restore()
    world.catch_up("revenue")
    assert problems(world) == []


def run(world: World, **variables: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "daybook", "doctor", "--json"],
        cwd=ROOT,
        env=os.environ | world.variables | variables,
        capture_output=True,
        text=True,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else []


def subjects(found: list[dict[str, Any]], field: str = "subject") -> set[str]:
    return {one["subject"] for one in found if one[field]}


def own_topics(world: World, path: Path) -> str:
    """A topics.yaml whose topics have names of this world."""
    topics = yaml.safe_load((ROOT / "topics.yaml").read_text())
    for entry, topic in topics["topics"].items():
        if not entry.endswith(".dlq"):
            topic["name"] = world.topic(entry)
    path.write_text(yaml.safe_dump(topics))
    return str(path)


def test_every_problem_has_a_remedy_until_none_is_left(world: World, tmp_path: Path) -> None:
    topics = own_topics(world, tmp_path / "topics.yaml")
    code, found = run(world, DAYBOOK_TOPICS=topics)
    assert code == 1
    assert {"kafka", "mongodb", "clock", "rights", "redis", "topics", "fleet"} <= subjects(found)
    assert subjects(found, "is_problem") == {"topics"}
    assert {one["remedy"] for one in found if one["is_problem"]} == {"daybook topics apply"}
    for entry in catalogue().topics:
        if not entry.endswith(".dlq"):
            world.make_topic(entry, partitions=catalogue().partitions(entry))
    code, found = run(world, DAYBOOK_TOPICS=topics)
    assert code == 0, found


def test_a_server_that_does_not_answer_is_exit_4(world: World) -> None:
    code, found = run(world, DAYBOOK_REDIS_URL="redis://127.0.0.1:1/0")
    assert code == 4
    assert subjects(found, "is_away") == {"redis"}
