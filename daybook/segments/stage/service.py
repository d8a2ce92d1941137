"""The second stage of a member: a thread in which Faust reads the feed of the member's shards."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

import structlog
from faust.exceptions import ConsumerNotStarted

from daybook.engine.errors import DaybookError, Refused, StartAgain, Unavailable
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.settings import Settings
from daybook.segments.stage.feed_app import STOP_SECONDS, FeedApp, run_until
from daybook.segments.stage.work import Received, Work

log = structlog.get_logger()

STALLED_SECONDS = 60.0
ROUND_SECONDS = 0.25
BYTES_AT_ONCE = 2 * 2**20
"""Of messages that are taken together, so that the profiles of a batch take seconds and some 50 MB.
As many may wait meanwhile."""
_RETRY_SECONDS = 1.0
_LOGGERS = ("faust", "mode", "aiokafka")

T = TypeVar("T")


class SegmentStage:
    """Implements `Service`.

    Everything but reading is done a piece at a time in one thread of its own. So the loop of Faust
    never waits for a server, and no two pieces meet.
    """

    def __init__(
        self, name: str, topic: str, settings: Settings, open_work: Callable[[], Work]
    ) -> None:
        self._name = name
        self._topic = topic
        self._settings = settings
        self._open_work = open_work
        self._loop_thread = Thread(target=self._run, name="segments", daemon=True)
        self._worker = ThreadPoolExecutor(1, "segments-work")
        self._stopping = Event()
        self._failure: DaybookError | None = None
        self._progress_at = monotonic()
        self._waiting: Mapping[int, int] = {}
        self._is_caught_up = False
        self._has_new_primary = False
        self._work: Work
        self._close: Callable[[], None] = lambda: None
        self._app: FeedApp

    def start(self) -> None:
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            logger.handlers, logger.propagate = [_ToStructlog(logging.WARNING)], False
        # A round may take longer than the time between two.
        logging.getLogger("mode.timers").setLevel(logging.ERROR)
        self._open()
        self._progress_at = monotonic()
        self._loop_thread.start()

    def _open(self) -> None:
        self._work = self._open_work()
        self._close = self._work.close

    def failure(self) -> DaybookError | None:
        if self._failure is None and not self._stopping.is_set():
            silent = monotonic() - self._progress_at
            if silent > STALLED_SECONDS:
                self._failure = DaybookError(
                    f"segments: no progress for {silent:.0f} s, although {self._topic} has "
                    "messages: start the member again"
                )
        return self._failure

    def is_caught_up(self) -> bool:
        return self._is_caught_up

    def stop(self) -> None:
        self._stopping.set()
        if self._loop_thread.is_alive():
            self._loop_thread.join(STOP_SECONDS + 5)
        self._worker.shutdown(cancel_futures=True)
        self._close()

    def _run(self) -> None:
        try:
            with TemporaryDirectory() as directory:
                asyncio.run(self._read_feed(Path(directory)))
                while self._has_new_primary and self._is_wanted():
                    self._open_again()
                    asyncio.run(self._read_feed(Path(directory)))
        except Exception as error:
            self._fail(error)
        if not self._stopping.is_set():
            self._fail(
                DaybookError("segments: the reader of the feed ended: start the member again")
            )

    def _open_again(self) -> None:
        """Forgets all that is known of the database, which may have been restored."""
        log.warning("segments start again", why="MongoDB has another primary")
        self._worker.submit(self._close).result()
        self._close = lambda: None
        self._has_new_primary, self._is_caught_up = False, False
        while self._is_wanted():
            self._progress_at = monotonic()
            try:
                self._open()
                break
            except Unavailable:
                self._stopping.wait(_RETRY_SECONDS)

    def _is_wanted(self) -> bool:
        return self._failure is None and not self._stopping.is_set()

    async def _read_feed(self, directory: Path) -> None:
        app = self._app = FeedApp(self._name, self._settings, self._starts, directory)
        topic = app.topic(self._topic, key_type=bytes, value_type=bytes, key_serializer="raw")

        received = _Received()

        @app.agent(topic, name="profiles")
        async def read(stream: Any) -> None:
            async for event in stream.noack().events():
                await received.put(event)

        async def take() -> None:
            while True:
                await self._take(await received.get_all())

        app.task(take)
        app.timer(ROUND_SECONDS)(self._advance)
        await run_until(app, lambda: self._is_wanted() and not self._has_new_primary)

    async def _take(self, events: Sequence[Any]) -> None:
        """Takes messages into profiles, and then tells Faust that they may be committed."""
        try:
            await self._do(partial(self._work.take, _by_shard(events)))
        except DaybookError:
            # What leaves a task, Faust forgets about. The member will end.
            await asyncio.Event().wait()
        self._progress_at = monotonic()
        for event in events:
            event.ack()

    async def _advance(self) -> None:
        while await self._do(lambda: self._work.step(self._owned())):
            self._progress_at = monotonic()
        waiting = await self._do(lambda: self._work.waiting(self._owned()))
        if not waiting or waiting != self._waiting:
            self._progress_at = monotonic()
        self._waiting = waiting
        self._is_caught_up = self._is_caught_up or await self._do(self._work.is_caught_up)

    def _owned(self) -> set[int]:
        """The shards that are assigned to this member now."""
        try:
            return {tp.partition for tp in self._app.consumer.assignment()}
        except ConsumerNotStarted:
            return set()

    async def _starts(
        self, committed: Mapping[int, int | None], bounds: Mapping[int, LogBounds]
    ) -> dict[int, int]:
        return await self._do(lambda: self._work.starts(committed, bounds))

    async def _do(self, piece: Callable[[], T]) -> T:
        """Does a piece of work, again and again while a server is away.

        Raises DaybookError for any other failure, and when the stage is stopped or starts again.
        """
        is_away = False
        while self._is_wanted() and not self._has_new_primary:
            try:
                result = await self._in_worker(piece)
            except Refused:
                continue
            except StartAgain:
                self._has_new_primary = True
            except Unavailable as error:
                if not is_away:
                    log.warning("segments wait for a server", why=str(error))
                is_away = True
                self._progress_at = monotonic()
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception as error:
                self._fail(error)
            else:
                if is_away:
                    log.info("segments go on")
                return result
        raise self._failure or DaybookError("segments: stopped")

    async def _in_worker(self, piece: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, piece)

    def _fail(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = (
                error
                if isinstance(error, DaybookError)
                else DaybookError(f"segments: {type(error).__name__}: {error}")
            )
            unexpected = None if isinstance(error, DaybookError) else error
            log.error("segments failed", why=str(error), exc_info=unexpected)


class _ToStructlog(logging.Handler):
    """Writes what Faust and its libraries warn of into our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        log.warning(record.getMessage(), logger=record.name)


class _Received:
    """The messages that wait to be taken."""

    def __init__(self) -> None:
        self._events: list[Any] = []
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def put(self, event: Any) -> None:
        """Adds a message, once there is room."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._bytes < BYTES_AT_ONCE)
            self._events.append(event)
            self._bytes += len(event.message.value)
            self._changed.notify_all()

    async def get_all(self) -> list[Any]:
        """Takes all that wait, at least one."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._events)
            found, self._events, self._bytes = self._events, [], 0
            self._changed.notify_all()
            return found


def _by_shard(events: Iterable[Any]) -> dict[int, Received]:
    received: dict[int, list[tuple[int, bytes]]] = {}
    for event in events:
        message = event.message
        received.setdefault(message.partition, []).append((message.offset, message.value))
    return dict(received)
