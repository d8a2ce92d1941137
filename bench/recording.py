"""Records the writes of a run, and sends them again to an empty database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bson import decode_file_iter, encode
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import monitoring

from bench.stopwatch import Stopwatch
from daybook.engine.mongo.client import Documents

LISTS = {"insert": "documents", "update": "updates"}
_OF_THE_CONNECTION = frozenset({"lsid", "txnNumber", "$clusterTime", "$db", "$readPreference"})
_OWN = "_daybook"
"""The prefix of the fleet's own collections; all others hold effects."""

Command = dict[str, Any]


def is_of_effects(event: monitoring.CommandStartedEvent) -> bool:
    """Whether a command writes effects."""
    name = event.command_name
    return name in LISTS and not str(event.command[name]).startswith(_OWN)


class Recorder(monitoring.CommandListener):
    """Records every write of an effect; `save` puts them into a file."""

    def __init__(self) -> None:
        self._commands: list[Command] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if is_of_effects(event):
            known = dict(event.command).items()
            self._commands.append({n: v for n, v in known if n not in _OF_THE_CONNECTION})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing to do: the run's totals are checked, so no recorded write has failed."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """See `succeeded`."""

    def save(self, path: Path) -> None:
        with path.open("wb") as file:
            file.writelines(encode(command) for command in self._commands)


def replay(path: Path, documents: Documents, stopwatch: Stopwatch) -> None:
    """Sends the commands one after the other, as the member did; they are encoded beforehand."""
    commands = list(_read(path))
    stopwatch.start()
    for command in commands:
        documents.command(command)
    stopwatch.stop()


def _read(path: Path) -> Iterator[Command]:
    raw = CodecOptions(document_class=RawBSONDocument)
    with path.open("rb") as file:
        for command in decode_file_iter(file, raw):
            yield dict(command)
