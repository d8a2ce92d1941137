"""The Faust app that reads the feed, with what contains Faust's faults.

It owns no `Table`, no web server, no leader and no topic. It reads committed messages only, and
begins to read where `starts` says, not where Kafka's offsets do.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import faust
import structlog
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from aiokafka.structs import OffsetAndMetadata  # type: ignore[import-untyped]
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode.threads import WorkerThread

from daybook.engine.errors import WrongSetting
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.settings import PREFIX, Settings

log = structlog.get_logger()

REQUEST_SECONDS = 90.0
POLL_SECONDS = 0.1
STOP_SECONDS = 20.0

Starts = Callable[[Mapping[int, int | None], Mapping[int, LogBounds]], Awaitable[dict[int, int]]]
"""From the commits and the bounds of assigned partitions to the offsets to begin at."""


class _DaemonThread(WorkerThread):
    """A thread that does not keep the process alive if Faust cannot stop it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.daemon = True


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    Worker = _DaemonThread

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust reads committed messages in its own transactions only, and has no setting for it.
        consumer._isolation_level = "read_committed"
        return consumer

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commits offsets. Faust would crash if Kafka refused; but our own checkpoint counts."""
        return bool(await self.call_thread(self._commit_or_log, offsets))

    async def _commit_or_log(self, offsets: Mapping[TP, int]) -> bool:
        consumer, assigned = self._ensure_consumer(), self.assignment()
        wanted = {
            driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if tp in assigned
        }
        if not wanted:
            return True
        try:
            await consumer.commit(wanted)
        except KafkaError as error:
            log.warning("commit of the feed refused", why=str(error))
            return False
        return True


class _Consumer(driver.Consumer):
    def _new_consumer_thread(self) -> _ConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seeks to where `starts` says. Faust calls it after each assignment."""
        assert isinstance(self.app, FeedApp)
        committed = await super().seek_to_committed()
        places = {tp.partition: tp for tp in committed}
        lows = await self.earliest_offsets(*committed)
        highs = await self.highwaters(*committed)
        bounds = {number: LogBounds(lows[tp], highs[tp]) for number, tp in places.items()}
        starts = await self.app.starts(
            {number: committed[tp] for number, tp in places.items()}, bounds
        )
        for number, offset in starts.items():
            await self._seek(places[number], offset)
        return {places[number]: offset for number, offset in starts.items()}


class _Transport(driver.Transport):
    Consumer = _Consumer


class FeedApp(faust.App):
    """An app for one topic, in the consumer group `name`. Raises WrongSetting."""

    def __init__(self, name: str, settings: Settings, starts: Starts, directory: Path) -> None:
        self.starts = starts
        session = settings.kafka_session_timeout_ms / 1000
        super().__init__(
            name,
            env={},
            broker=[f"aiokafka://{broker}" for broker in _brokers(settings)],
            broker_credentials=_credentials(settings),
            broker_session_timeout=session,
            broker_heartbeat_interval=min(3.0, session / 3),
            broker_request_timeout=max(REQUEST_SECONDS, session),
            broker_max_poll_interval=settings.kafka_max_poll_interval_ms / 1000,
            # A new partition may be fetched from before `starts` is asked. Where that, or a log
            # that was cut, makes it jump, `Work.take` leaves the messages out.
            consumer_auto_offset_reset="earliest",
            datadir=directory,
            topic_allow_declare=False,
            topic_disable_leader=True,
            stream_wait_empty=False,
            key_serializer="raw",
            value_serializer="raw",
            web_enabled=False,
        )

    def _new_transport(self) -> _Transport:
        return _Transport(self.conf.broker_consumer, self)


def _brokers(settings: Settings) -> list[str]:
    return [broker.strip() for broker in settings.kafka_bootstrap_servers.split(",")]


def _credentials(settings: Settings) -> Any:
    """What the settings `DAYBOOK_KAFKA_*` say about security, for Faust; None for plain text."""
    protocol = settings.kafka_security_protocol
    context = _ssl_context(settings) if protocol.endswith("SSL") else None
    if protocol.startswith("SASL"):
        password = settings.kafka_sasl_password
        return faust.SASLCredentials(
            username=settings.kafka_sasl_username,
            password=password.get_secret_value() if password else None,
            ssl_context=context,
            mechanism=settings.kafka_sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context else None


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    certificate, password = (
        settings.kafka_ssl_certificate_location,
        settings.kafka_ssl_key_password,
    )
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ssl_ca_location)
        if certificate:
            # Without a password, OpenSSL would ask for one on the terminal.
            secret = password.get_secret_value() if password else ""
            context.load_cert_chain(certificate, settings.kafka_ssl_key_location, secret)
    except (OSError, ssl.SSLError):
        raise WrongSetting(
            f"{PREFIX}KAFKA_SSL_*: a file cannot be read as a certificate or key"
        ) from None
    return context


async def run_until(app: FeedApp, is_wanted: Callable[[], bool]) -> None:
    """Starts the app, and stops it once it is not wanted, or has crashed."""
    try:
        await app.start()
        while is_wanted() and not (app.crashed or app.should_stop):
            await asyncio.sleep(POLL_SECONDS)
    finally:
        with suppress(TimeoutError):
            await asyncio.wait_for(app.stop(), STOP_SECONDS)
