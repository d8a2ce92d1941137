"""Keeps a write that was decided on before a restore from reaching the restored database.

A restore of MongoDB's files replaces the server's process, which ends every connection. So a write
can reach the restored data only over a connection that was opened afterwards. The fence looks at
each connection before anything is sent over it: one that it does not know is used only if the
primary is still the process that the fence was last renewed for. pymongo prints and ignores an
`Exception` of a listener, so the fence raises `BaseException`s, which `reachable` translates.
"""

from collections.abc import Callable
from typing import Any

from pymongo.errors import PyMongoError
from pymongo.monitoring import (
    ConnectionCheckedInEvent,
    ConnectionCheckedOutEvent,
    ConnectionCheckOutFailedEvent,
    ConnectionCheckOutStartedEvent,
    ConnectionClosedEvent,
    ConnectionCreatedEvent,
    ConnectionPoolListener,
    ConnectionReadyEvent,
    PoolClearedEvent,
    PoolClosedEvent,
    PoolCreatedEvent,
    PoolReadyEvent,
)


class AnotherProcess(BaseException):
    """The primary is not the process that the fence was renewed for."""


class ProcessUnknown(BaseException):
    """MongoDB does not say which process is the primary."""


class Fence(ConnectionPoolListener):
    """The listener of a client whose every operation is fenced.

    `process` returns the identity of the primary's process, by another client. Until `renew` is
    called, every operation raises `AnotherProcess`.
    """

    def __init__(self, process: Callable[[], Any]) -> None:
        self._process = process
        self._renewed_for: Any = AnotherProcess
        self._known: set[tuple[Any, int]] = set()

    def renew(self) -> None:
        """Allows operations on the current primary; called before what it holds is read again.

        Raises PyMongoError.
        """
        self._renewed_for = self._process()
        self._known.clear()

    def connection_checked_out(self, event: ConnectionCheckedOutEvent) -> None:
        """Raises AnotherProcess or ProcessUnknown before anything is sent over the connection."""
        connection = event.address, event.connection_id
        if connection in self._known:
            return
        try:
            process = self._process()
        except PyMongoError as error:
            raise ProcessUnknown(str(error)) from error
        if process != self._renewed_for:
            raise AnotherProcess
        self._known.add(connection)

    def connection_closed(self, event: ConnectionClosedEvent) -> None:
        self._known.discard((event.address, event.connection_id))

    def pool_created(self, event: PoolCreatedEvent) -> None: ...

    def pool_ready(self, event: PoolReadyEvent) -> None: ...

    def pool_cleared(self, event: PoolClearedEvent) -> None: ...

    def pool_closed(self, event: PoolClosedEvent) -> None: ...

    def connection_created(self, event: ConnectionCreatedEvent) -> None: ...

    def connection_ready(self, event: ConnectionReadyEvent) -> None: ...

    def connection_check_out_started(self, event: ConnectionCheckOutStartedEvent) -> None: ...

    def connection_check_out_failed(self, event: ConnectionCheckOutFailedEvent) -> None: ...

    def connection_checked_in(self, event: ConnectionCheckedInEvent) -> None: ...
