"""Writes simulated messages to NDJSON files, one per topic, with the order to publish them in."""

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


def empty_directory(directory: Path) -> Path:
    """Creates the directory if needed. Raises DaybookError if it is not empty."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        entry = next(directory.iterdir(), None)
    except OSError as error:
        raise DaybookError(f"{directory} cannot be used: {error.strerror}") from None
    if entry is not None:
        raise DaybookError(f"{directory} is not empty: name another one, or empty it")
    return directory


def write_topics(directory: Path, messages: Iterable[Message]) -> Counter[str]:
    """Writes `<topic>.ndjson` for each topic, and `parts.ndjson`; returns each topic's line count.

    A line of `parts.ndjson` holds the number of lines of each topic that make up the next part.
    The known answer holds for a log to which the parts were published one after another, the
    topics of each part in the given order, definitions first.
    """
    with ExitStack() as stack:
        files = {
            topic: stack.enter_context((directory / f"{topic}.ndjson").open("wb"))
            for topic in TOPICS
        }
        parts_file = stack.enter_context((directory / PARTS).open("w"))
        written: Counter[str] = Counter()
        for part in parts(messages):
            lines: Counter[str] = Counter()
            for message in part:
                files[message.topic].write(message.value + b"\n")
                lines[message.topic] += 1
            order = sorted(lines, key=lambda topic: topic not in DEFINITIONS)
            parts_file.write(json.dumps({topic: lines[topic] for topic in order}) + "\n")
            written += lines
    return written


def check_writable(path: Path) -> None:
    """Raises DaybookError if the file cannot be written. An existing file keeps its content."""
    existed = path.exists()
    try:
        path.open("a").close()
        if not existed:
            path.unlink()
    except OSError as error:
        raise DaybookError(f"{path} cannot be written: {error.strerror}") from None


def write_answer(path: Path, lines: Iterable[dict[str, Any]]) -> int:
    """Writes one document per line; returns their number. Raises DaybookError."""
    count = 0
    try:
        with path.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise DaybookError(f"{path} cannot be written: {error.strerror}") from None
    return count
