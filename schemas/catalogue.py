"""`topics.yaml`, decoded strictly, and what it says about reading a topic."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from daybook.engine.documents.fields import Event
from daybook.engine.documents.source import Source
from daybook.engine.errors import DaybookError, Unknown
from schemas.event import TicketedEventEvent
from schemas.export import ExportEvent
from schemas.funnel import FunnelEvent
from schemas.order import OrderEvent
from schemas.tracking import TrackingEvent
from schemas.user import UserEvent

_HERE = Path(__file__).parent
# A wheel brings it within the package; in the repository it is the first file one looks for.
PATH = next(path for path in (_HERE / "topics.yaml", _HERE.parent / "topics.yaml") if path.exists())

EVENTS: dict[str, Any] = {
    "schemas.user.UserEvent": UserEvent,
    "schemas.order.OrderEvent": OrderEvent,
    "schemas.funnel.FunnelEvent": FunnelEvent,
    "schemas.event.TicketedEventEvent": TicketedEventEvent,
    "schemas.tracking.TrackingEvent": TrackingEvent,
    "schemas.export.ExportEvent": ExportEvent,
}


_DEFERRED = ConfigDict(defer_build=True)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Schema(_Strict):
    """The union of a topic's events, and where one example of each is kept."""

    model: str
    examples: str
    compatibility: Literal["backward", "none"]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.model not in EVENTS:
            raise ValueError(f"{self.model} is not in schemas/catalogue.py's EVENTS")
        return self


class Defaults(_Strict):
    partitions: int = Field(ge=1)
    replication: int = Field(ge=1)
    config: dict[str, str]


class Topic(_Strict):
    """One topic; partitions and settings that are not given are the defaults'.

    `keys`: the types of events whose key is another than `key`, such as `o:data.order_id`.
    """

    owner: str
    description: str
    producers: list[str]
    consumers: list[str]
    partitions: int | None = Field(None, ge=1)
    config: dict[str, str] = {}
    key: str | None = Field(None, pattern=r"^data\.\w+$")
    keys: dict[str, Annotated[str, Field(pattern=r"^\w*:?data\.\w+$")]] = {}
    schema_: Schema | None = Field(None, alias="schema")
    dead_letter: str | None = None


class Catalogue(_Strict):
    version: Literal[1]
    defaults: Defaults
    topics: dict[str, Topic]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, topic in self.topics.items():
            if topic.schema_ and not (topic.key and topic.dead_letter):
                raise ValueError(f"{name} has a schema, so it needs a key and a dead_letter")
            if topic.dead_letter and topic.dead_letter not in self.topics:
                raise ValueError(f"{name}: its dead_letter {topic.dead_letter} is no topic here")
        return self

    def partitions(self, name: str) -> int:
        return self.topics[name].partitions or self.defaults.partitions

    def config(self, name: str) -> dict[str, str]:
        return self.defaults.config | self.topics[name].config


@cache
def catalogue(path: Path = PATH) -> Catalogue:
    """The catalogue. Raises DaybookError naming each line's key that cannot be used."""
    try:
        return Catalogue.model_validate(yaml.safe_load(path.read_text()))
    except (ValidationError, yaml.YAMLError) as error:
        raise DaybookError(f"{path.name}: {error}") from None


@cache
def source(name: str) -> Source:
    """How to read a topic. Raises Unknown for one that is not in the catalogue."""
    topic = catalogue().topics.get(name)
    if topic is None or topic.schema_ is None or topic.key is None:
        readable = ", ".join(n for n, t in catalogue().topics.items() if t.schema_)
        raise Unknown(f"no topic {name} in topics.yaml: events are read from {readable}")
    # Built when the first message is read: a member reads one topic of the many.
    events: TypeAdapter[Any] = TypeAdapter(EVENTS[topic.schema_.model], config=_DEFERRED)
    return Source(name, events, _key_of(topic.key, topic.keys))


def _key_of(key: str, keys: Mapping[str, str]) -> Callable[[Event], str]:
    field = key.removeprefix("data.")
    if not keys:
        return lambda event: event["data"][field]
    parts = {event_type: own.partition("data.") for event_type, own in keys.items()}

    def key_of(event: Event) -> str:
        prefix, _, name = parts.get(event["event_type"], ("", "", field))
        return prefix + str(event["data"][name])

    return key_of
