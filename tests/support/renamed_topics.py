"""A world's topics for a process of the command line, which reads their names from a file."""

from pathlib import Path

import yaml

from tests.support.world import World

ROOT = Path(__file__).parents[2]


def with_topics(world: World, directory: Path) -> dict[str, str]:
    """The world's settings, with a file of topics that are called otherwise on the cluster."""
    topics = yaml.safe_load((ROOT / "topics.yaml").read_text())
    dead_letters = {topic.get("dead_letter") for topic in topics["topics"].values()}
    for entry, topic in topics["topics"].items():
        if entry not in dead_letters:
            topic["name"] = world.topic(entry)
    path = directory / "topics.yaml"
    path.write_text(yaml.safe_dump(topics))
    return world.variables | {"DAYBOOK_TOPICS": str(path)}
