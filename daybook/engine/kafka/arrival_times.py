"""Checks that the log itself says when a message arrived, and not the message's producer."""

from collections.abc import Iterable

from confluent_kafka import TIMESTAMP_CREATE_TIME, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]

from daybook.engine.errors import DaybookError
from daybook.engine.kafka.admin import kafka_errors, log_bounds
from daybook.engine.kafka.clients import REQUEST_SECONDS
from daybook.engine.kafka.offsets import LogBounds
from daybook.engine.kafka.scan import scan
from daybook.engine.settings import Settings

_SETTING = "message.timestamp.type"


def check_arrival_times(settings: Settings, client: AdminClient, topics: Iterable[str]) -> None:
    """Raises DaybookError for a topic whose messages bear the times of their producers.

    Where the configuration may not be read, the newest message of each partition decides, because
    older ones may be from before the setting was changed. Raises Unavailable.
    """
    resources = [ConfigResource(ConfigResource.Type.TOPIC, topic) for topic in topics]
    described = client.describe_configs(resources, request_timeout=REQUEST_SECONDS)
    for resource, future in described.items():
        topic = resource.name
        with kafka_errors(f"reading the configuration of {topic}"):
            try:
                is_producers = future.result()[_SETTING].value != "LogAppendTime"
            except KafkaException as error:
                match error.args[0].name():
                    case "UNKNOWN_TOPIC_OR_PART":
                        continue
                    case "TOPIC_AUTHORIZATION_FAILED" | "CLUSTER_AUTHORIZATION_FAILED":
                        is_producers = _is_newest_producers(settings, client, topic)
                    case _:
                        raise
        if is_producers:
            raise DaybookError(
                f"{topic}: its producers say when a message arrived, so nothing that depends on "
                f"arrival could be recounted: set {_SETTING}=LogAppendTime on the topic "
                "(`daybook topics apply` does), then start again"
            )


def _is_newest_producers(settings: Settings, client: AdminClient, topic: str) -> bool:
    newest = {
        place: LogBounds(held.high - 1, held.high)
        for place, held in log_bounds(client, [topic]).items()
        if held.high > held.low
    }
    return any(m.timestamp()[0] == TIMESTAMP_CREATE_TIME for m in scan(settings, newest))
