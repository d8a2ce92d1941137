"""Segments by the commands that a person types."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.renamed_topics import ROOT, with_topics
from tests.support.segments import CARTS, FEED, Audience, ms, text
from tests.support.world import World


class Commands:
    """Runs `daybook` over the topics and the database of a world."""

    def __init__(self, world: World, directory: Path) -> None:
        self._environment = os.environ | with_topics(world, directory) | {"COLUMNS": "200"}
        self._file = directory / "definition.json"

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "daybook", *arguments],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def define(self, content: object, *options: str) -> "subprocess.CompletedProcess[str]":
        self._file.write_text(content if isinstance(content, str) else json.dumps(content))
        return self.run("segments", "define", str(self._file), *options)

    def size(self, content: object) -> str:
        self._file.write_text(json.dumps(content))
        return self.run("segments", "size", str(self._file), "--json").stdout


@pytest.fixture
def commands(world: World, tmp_path: Path) -> Commands:
    return Commands(world, tmp_path)


def carts(**more: object) -> dict[str, object]:
    return {"segment_id": "carts", "name": "Carts", "filters": CARTS} | more


def test_status_tells_how_far_the_feed_is_taken(world: World, commands: Commands) -> None:
    audience = Audience(world)
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.advance("2nd 10:30")

    def lag_of_feed() -> list[int]:
        statuses = json.loads(commands.run("status", "--json").stdout)
        [segment] = [one for one in statuses if one["group"].endswith("-segment")]
        feed = world.topic(FEED)
        return [place["lag"] for place in segment["partitions"] if place["topic"] == feed]

    assert lag_of_feed() == [0] * 12
    producer = world.producer()
    producer.produce(world.topic(FEED), value=b"{}", partition=3)
    assert producer.flush(60) == 0
    assert sum(lag_of_feed()) == 1


def test_a_segment_is_defined_evaluated_and_listed(world: World, commands: Commands) -> None:
    audience = Audience(world)
    assert "version 1" in commands.define(carts()).stdout
    assert "version 1 already" in commands.define(carts()).stdout
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    audience.track("cart_add", "2nd 10:30", "v2")
    done = commands.run("run", "segment", "--until-caught-up", "--clock", text("2nd 10:30"))
    assert done.returncode == 0, done.stdout + done.stderr
    listed = json.loads(commands.run("segments", "list", "--json").stdout)
    assert listed["clock"] == "2026-03-02T10:30:00.000Z"
    [segment] = listed["segments"]
    assert (segment["segment_id"], segment["version"], segment["members"]) == ("carts", 1, 2)
    assert segment["status"] == "active"
    members = json.loads(commands.run("segments", "members", "carts", "--json").stdout)
    assert members["members"] == [
        {"person": "u:u1", "since": "2026-03-02T10:00:00.000Z"},
        {"person": "v:v2", "since": "2026-03-02T10:30:00.000Z"},
    ]
    printed = commands.run("segments", "members", "carts").stdout
    assert "2 members of version 1 at 2026-03-02T10:30:00.000Z" in printed
    earlier = commands.run("segments", "members", "carts", "--at", text("2nd 10:29"), "--json")
    assert json.loads(earlier.stdout)["members"] == members["members"][:1]
    later = commands.run("segments", "members", "carts", "--at", text("2nd 10:31"))
    assert later.returncode == 2
    assert "evaluated up to 2026-03-02T10:30:00.000Z" in later.stderr
    explained = commands.run("segments", "explain", "carts", "u:u1").stdout.splitlines()
    assert explained == [
        "yes  at least 1 cart_add within PT24H, since 2026-03-02T10:00:00.000Z, "
        "until 2026-03-03T10:00:00.000Z",
        "u:u1 in version 1 at 2026-03-02T10:30:00.000Z",
    ]
    assert "v:v1 is u:u1" in commands.run("segments", "explain", "carts", "v:v1").stdout
    sized = commands.run("segments", "size", "carts").stdout
    assert "2 of 2 people, at 2026-03-02T10:30:00.000Z (count)" in sized
    of_file = commands.size(carts(segment_id="new", filters={"not": {"segment": "carts"}}))
    assert json.loads(of_file)["matching"] == 0
    shown = json.loads(commands.run("segments", "show", "carts").stdout)
    assert (shown["filters"], shown["resolved"], shown["members"]) == (CARTS, CARTS, 2)
    history = json.loads(commands.run("segments", "history", "carts", "--json").stdout)
    assert [(one["version"], one["status"]) for one in history["segments"]] == [(1, "active")]
    stranger = commands.run("segments", "explain", "carts", "u:u1", "--organization", "another")
    assert (stranger.returncode, stranger.stdout) == (2, "")
    unknown = commands.run("segments", "retire", "carts", "--organization", "another")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "there is no such segment" in unknown.stderr
    assert "is retired" in commands.run("segments", "retire", "carts").stdout
    assert "is retired already" in commands.run("segments", "retire", "carts").stdout
    done = commands.run("run", "segment", "--until-caught-up", "--clock", text("2nd 11:00"))
    assert done.returncode == 0, done.stdout + done.stderr
    [retired] = json.loads(commands.run("segments", "list", "--json").stdout)["segments"]
    assert (retired["status"], retired["members"]) == ("retired", 0)
    assert [change[2:] for change in audience.told() if change[0] == "left"] == [
        (ms("2nd 11:00"), "retired")
    ] * 2
    other = commands.run("segments", "members", "carts", "--organization", "another")
    assert (other.returncode, other.stdout) == (2, "")
    back = commands.run("run", "segment", "--clock", text("2nd 10:29"))
    assert back.returncode == 2
    assert "evaluated up to 2026-03-02T11:00:00.000Z, and never go back" in back.stderr


@pytest.mark.parametrize(
    ("content", "path"),
    [
        (
            carts(filters={"all": [CARTS, {"not": CARTS | {"within": "PT30S"}}]}),
            "filters.all[1].not.within",
        ),
        (carts(filters={"all": []}), "filters.all"),
        (
            carts(filters={"event": "cart_add", "attribute": "role"}),
            "filters: must have exactly one of",
        ),
        (carts(filters={"segment": "unknown"}), "filters.segment"),
        (carts(extra=1), "extra"),
        ({"name": "Carts", "filters": CARTS}, "segment_id"),
        ({"segment_id": "carts", "filters": CARTS}, "name"),
        ("{", "must be JSON"),
        ([], "must be an object"),
    ],
)
def test_a_bad_definition_is_refused_with_its_path(
    world: World, commands: Commands, content: object, path: str
) -> None:
    world.make_topic("sc.analytics.segments", 1)
    done = commands.define(content)
    assert done.returncode == 2
    assert path in done.stderr
    assert "Traceback" not in done.stderr


def test_a_clock_is_only_for_segments(commands: Commands) -> None:
    done = commands.run("run", "revenue", "--clock", text("2nd 10:00"))
    assert done.returncode == 2
    assert "--clock is for the group segment" in done.stderr


def test_a_campaign_is_pinned_once(world: World, commands: Commands) -> None:
    audience = Audience(world)
    commands.define(carts())
    audience.track("cart_add", "2nd 10:00", "v1", "u1")
    assert "pinned to version 1 of carts" in commands.run("segments", "pin", "c", "carts").stdout
    again = commands.run("segments", "pin", "c", "carts")
    assert (again.returncode, "of carts already" in again.stdout) == (0, True)
    commands.define(carts(segment_id="others"))
    for arguments, reason in (
        (("c", "others"), "campaign_id: is pinned to another"),
        (("d", "unknown"), "there is no such segment"),
        (("d", "carts", "--version", "2"), "version: is not in force"),
    ):
        refused = commands.run("segments", "pin", *arguments)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert reason in refused.stderr
    done = commands.run("run", "segment", "--until-caught-up", "--clock", text("2nd 10:30"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert audience.pinned("c") == {"u:u1": ms("2nd 10:00")}
