"""Configures the Kafka clients."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from daybook.engine.errors import Unavailable, WrongSetting
from daybook.engine.settings import PREFIX, Settings

MESSAGE_BYTES_MAX = 8 * 2**20
DEAD_LETTER_BYTES_MAX = 17 * 2**20
"""What dead-letter topics take (`max.message.bytes` in `topics.yaml`): more than their sources."""

_DEAD_LETTER_QUEUE_KIB = 64 * 2**10
"""A few of the largest dead letters; the default, 1 GiB, would hold a whole batch of them."""
REQUEST_SECONDS = 10.0


@contextmanager
def kafka_required() -> Iterator[None]:
    """Any error of Kafka within means that it does not answer. Raises Unavailable."""
    try:
        yield
    except KafkaException as error:
        raise Unavailable(f"Kafka does not answer: {error.args[0].str()}") from error


_SETTING_OF = {
    "sasl.mechanism": "SASL_MECHANISM",
    "SASL mechanism": "SASL_MECHANISM",
    "sasl.username": "SASL_USERNAME",
    "sasl.password": "SASL_PASSWORD",
    "ssl.ca.location": "SSL_CA_LOCATION",
    "ssl.certificate.location": "SSL_CERTIFICATE_LOCATION",
    "ssl.key.location": "SSL_KEY_LOCATION",
    "ssl.key.password": "SSL_KEY_PASSWORD",
    "bootstrap.servers": "BOOTSTRAP_SERVERS",
    "max.poll.interval.ms": "MAX_POLL_INTERVAL_MS",
    "session.timeout.ms": "SESSION_TIMEOUT_MS",
}
"""What the client's messages call the settings `DAYBOOK_KAFKA_*`."""


@contextmanager
def usable_settings() -> Iterator[None]:
    """Around a client's construction. Raises WrongSetting, without the client's message,
    which may repeat a value."""
    try:
        yield
    except (KafkaException, ValueError, TypeError) as error:
        named = {name for words, name in _SETTING_OF.items() if words in str(error)}
        which = ", ".join(f"{PREFIX}KAFKA_{name}" for name in sorted(named)) or f"{PREFIX}KAFKA_*"
        raise WrongSetting(f"{which}: cannot be used by the client of Kafka") from None


def common(settings: Settings) -> dict[str, Any]:
    """The options that every client needs to reach the brokers."""
    sasl_password, key_password = settings.kafka_sasl_password, settings.kafka_ssl_key_password
    options = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_sasl_username,
        "sasl.password": sasl_password.get_secret_value() if sasl_password else None,
        "ssl.ca.location": settings.kafka_ssl_ca_location,
        "ssl.certificate.location": settings.kafka_ssl_certificate_location,
        "ssl.key.location": settings.kafka_ssl_key_location,
        "ssl.key.password": key_password.get_secret_value() if key_password else None,
        "socket.connection.setup.timeout.ms": 5_000,
        "reconnect.backoff.max.ms": 2_000,
        "log_level": 2,
    }
    return {name: value for name, value in options.items() if value is not None}


@usable_settings()
def admin(settings: Settings) -> AdminClient:
    """A client of the admin API."""
    return AdminClient(common(settings))


@usable_settings()
def producer(settings: Settings) -> Producer:
    """An idempotent producer with acks=all that partitions like Java's default partitioner."""
    return Producer(_producer_options(settings))


@usable_settings()
def dead_letter_producer(settings: Settings) -> Producer:
    """Like `producer`, for messages larger than their source topic takes, in bounded memory."""
    larger = {
        "message.max.bytes": DEAD_LETTER_BYTES_MAX,
        "queue.buffering.max.kbytes": _DEAD_LETTER_QUEUE_KIB,
    }
    return Producer(_producer_options(settings) | larger)


def _producer_options(settings: Settings) -> dict[str, Any]:
    return common(settings) | {
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": 20,
        "message.max.bytes": MESSAGE_BYTES_MAX + 2**20,
        "delivery.timeout.ms": 60_000,
    }


@usable_settings()
def reader(settings: Settings) -> Consumer:
    """A consumer outside any group, for reading partitions between given offsets."""
    return Consumer(
        common(settings)
        | {
            "group.id": "daybook-reader",
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "fetch.message.max.bytes": MESSAGE_BYTES_MAX,
            "queued.max.messages.kbytes": 32_768,
            "fetch.queue.backoff.ms": 50,
        }
    )


@usable_settings()
def member(settings: Settings, group: str) -> Consumer:
    """A group's consumer that never commits, resets or chooses start offsets by itself."""
    if settings.kafka_group_protocol == "consumer":
        protocol: dict[str, Any] = {"group.protocol": "consumer"}
    else:
        protocol = {
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": settings.kafka_session_timeout_ms,
            "heartbeat.interval.ms": min(3_000, settings.kafka_session_timeout_ms // 3),
        }
    return Consumer(
        common(settings)
        | protocol
        | {
            "group.id": group,
            "max.poll.interval.ms": settings.kafka_max_poll_interval_ms,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "topic.metadata.refresh.interval.ms": 10_000,
            "fetch.wait.max.ms": 100,
            "fetch.message.max.bytes": MESSAGE_BYTES_MAX,
            "queued.max.messages.kbytes": 32_768,
            "fetch.queue.backoff.ms": 50,
        }
    )
