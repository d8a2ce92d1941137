"""Simulated messages as files: an NDJSON file a topic, and how the files belong together."""

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from daybook.engine.errors import DaybookError
from daybook.simulate.message import DEFINITIONS, TOPICS, Message
from daybook.simulate.parts import parts

ANSWER, PARTS = "answer.ndjson", "parts.ndjson"


def fresh(directory: Path) -> Path:
    """The directory, made if it is not there. Raises DaybookError if it holds anything."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        held = next(directory.iterdir(), None)
    except OSError as error:
        raise DaybookError(f"{directory} cannot be used: {error.strerror}") from None
    if held is not None:
        raise DaybookError(f"{directory} is not empty: name another, or empty it")
    return directory


def write_topics(directory: Path, messages: Iterable[Message]) -> Counter[str]:
    """`<topic>.ndjson` of each topic, and `parts.ndjson`; how many lines each topic got.

    A line of `parts.ndjson` says how many of each topic's next lines make up a part. Published
    part by part, definitions first in each, the files are the log that the answer is of.
    """
    with ExitStack() as stack:
        files = {
            topic: stack.enter_context((directory / f"{topic}.ndjson").open("wb"))
            for topic in TOPICS
        }
        told = stack.enter_context((directory / PARTS).open("w"))
        written: Counter[str] = Counter()
        for part in parts(messages):
            lines: Counter[str] = Counter()
            for message in part:
                files[message.topic].write(message.value + b"\n")
                lines[message.topic] += 1
            order = sorted(lines, key=lambda topic: topic not in DEFINITIONS)
            told.write(json.dumps({topic: lines[topic] for topic in order}) + "\n")
            written += lines
    return written


def check_writable(path: Path) -> None:
    """Raises DaybookError. What the file holds stays until there is something to write."""
    is_there = path.exists()
    try:
        path.open("a").close()
        if not is_there:
            path.unlink()
    except OSError as error:
        raise DaybookError(f"{path} cannot be written: {error.strerror}") from None


def write_answer(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """One document a line; how many there are. Raises DaybookError."""
    count = 0
    try:
        with path.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise DaybookError(f"{path} cannot be written: {error.strerror}") from None
    return count
