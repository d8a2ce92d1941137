"""Backups of MongoDB, and their restores: a copy of its files, or of a database's documents."""

import shutil
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from daybook.engine import bookkeeping
from daybook.engine.mongo.client import Documents
from daybook.local.mongodb import MongoDB


class FileBackup:
    """A snapshot of a server's files, which are all of one moment."""

    def __init__(self, server: MongoDB, directory: Path) -> None:
        self._server = server
        self._copy = directory
        if directory.exists():
            shutil.rmtree(directory)
        with MongoClient[dict[str, Any]]("127.0.0.1", server.port, directConnection=True) as client:
            client.admin.command("fsync", lock=True)
            try:
                shutil.copytree(server.data, directory)
            finally:
                client.admin.command("fsyncUnlock")

    def restore(self) -> None:
        """Kills the server, replaces its files and starts it again, as after a lost disk."""
        self._server.kill()
        shutil.rmtree(self._server.data)
        shutil.copytree(self._copy, self._server.data)
        self._server.start()


class DocumentBackup:
    """Every document of a database, of one moment if nobody writes meanwhile."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._stored = {name: list(documents[name].find()) for name in _names(documents)}

    def restore(self) -> None:
        """Restores the database while the server runs; `_daybook` is dropped first by `withdraw`,
        and restored last, so that no member counts into what is restored by half."""
        for name in _names(self._documents):
            self._documents.drop_collection(name)
        names = sorted(self._stored, key=lambda name: name == bookkeeping.FLEET)
        for name in names:
            if self._stored[name]:
                self._documents[name].insert_many(self._stored[name])

    def withdraw(self) -> None:
        """Drops `_daybook`, so that members stop writing."""
        self._documents.drop_collection(bookkeeping.FLEET)


def _names(documents: Documents) -> list[str]:
    return documents.list_collection_names()
