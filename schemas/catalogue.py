"""Reads `topics.yaml` strictly, and provides the sources that it declares."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from daybook.engine.documents.fields import Event
from daybook.engine.documents.source import Source
from daybook.engine.errors import DaybookError, Unknown
from daybook.engine.settings import topics_file
from schemas.event import TicketedEventEvent
from schemas.export import ExportEvent
from schemas.funnel import FunnelEvent
from schemas.order import OrderEvent
from schemas.segment_changes import SegmentChange
from schemas.segments import SegmentEvent
from schemas.tracking import TrackingEvent
from schemas.user import UserEvent

_HERE = Path(__file__).parent
# A wheel has it within the package, the repository at its root.
_PLACES = (_HERE / "topics.yaml", _HERE.parent / "topics.yaml")

EVENTS: dict[str, Any] = {
    "schemas.user.UserEvent": UserEvent,
    "schemas.order.OrderEvent": OrderEvent,
    "schemas.funnel.FunnelEvent": FunnelEvent,
    "schemas.event.TicketedEventEvent": TicketedEventEvent,
    "schemas.tracking.TrackingEvent": TrackingEvent,
    "schemas.export.ExportEvent": ExportEvent,
    "schemas.segments.SegmentEvent": SegmentEvent,
    "schemas.segment_changes.SegmentChange": SegmentChange,
}


_DEFERRED = ConfigDict(defer_build=True)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Schema(_Strict):
    """The union type of a topic's events, and the folder of their examples."""

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
    """One topic; without `partitions` or a setting of `config`, the defaults apply.

    `name`: the topic's name on the cluster, if it differs from its entry here. `key`: the field
    whose value is the message key. `keys`: by event type, keys that differ from `key`, such as
    `o:data.order_id`. `internal`: its messages go from one part of a group to another, in a form of
    their own. A topic of events needs a dead-letter topic if a group reads it.
    """

    name: str | None = Field(None, pattern=r"^[a-zA-Z0-9._-]+$", max_length=245)
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
    internal: bool = False


class Catalogue(_Strict):
    """The content of topics.yaml."""

    version: Literal[1]
    defaults: Defaults
    topics: dict[str, Topic]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name, topic in self.topics.items():
            if topic.schema_ and not (topic.key and (topic.dead_letter or not topic.consumers)):
                raise ValueError(f"{name} has a schema, so it needs a key and a dead_letter")
            if topic.internal and (topic.schema_ or topic.dead_letter):
                raise ValueError(f"{name} is internal: it has neither a schema nor a dead_letter")
            if topic.dead_letter and topic.dead_letter not in self.topics:
                raise ValueError(f"{name}: its dead_letter {topic.dead_letter} is not listed here")
            if topic.dead_letter and self.topics[topic.dead_letter].name is not None:
                raise ValueError(
                    f"{topic.dead_letter} must not have a name: on the cluster it has the name of "
                    f"{name} with .dlq appended"
                )
        names = Counter(map(self.cluster_name, self.topics))
        if repeated := [name for name, times in names.items() if times > 1]:
            raise ValueError(f"two topics have the name {repeated[0]} on the cluster")
        return self

    def cluster_name(self, entry: str) -> str:
        """The name of an entry's topic on the cluster.

        A dead-letter topic has the name of its source with `.dlq` appended.
        """
        for source, topic in self.topics.items():
            if topic.dead_letter == entry and topic.name is not None:
                return f"{self.cluster_name(source)}.dlq"
        return self.topics[entry].name or entry

    def entry(self, name: str) -> str | None:
        """The entry of a topic, given the entry or the name on the cluster; None if unknown."""
        if name in self.topics:
            return name
        return next((entry for entry in self.topics if self.cluster_name(entry) == name), None)

    def partitions(self, name: str) -> int:
        """The declared number of partitions of an entry's topic."""
        return self.topics[name].partitions or self.defaults.partitions

    def config(self, name: str) -> dict[str, str]:
        """The declared settings of an entry's topic."""
        return self.defaults.config | self.topics[name].config


def catalogue() -> Catalogue:
    """The catalogue in the file that DAYBOOK_TOPICS names, else in Daybook's own `topics.yaml`.

    Raises WrongSetting, and DaybookError naming each invalid key.
    """
    return load_catalogue(topics_file() or next(path for path in _PLACES if path.exists()))


@cache
def load_catalogue(path: Path) -> Catalogue:
    """The catalogue in a file. Raises DaybookError naming each invalid key."""
    try:
        return Catalogue.model_validate(yaml.safe_load(path.read_text()))
    except yaml.YAMLError as error:
        raise DaybookError(f"{path}: {error}") from None
    except ValidationError as error:
        problems = (
            f"{'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise DaybookError(f"{path}: {'; '.join(problems)}") from None


@cache
def source(name: str) -> Source:
    """The source of a topic's events, by its entry or its name on the cluster.

    Raises Unknown for a topic that is not in the catalogue or has no schema.
    """
    known = catalogue()
    entry = known.entry(name)
    topic = known.topics[entry] if entry else None
    if entry is None or topic is None or topic.schema_ is None or topic.key is None:
        readable = ", ".join(n for n, t in known.topics.items() if t.schema_)
        raise Unknown(f"no topic {name} in topics.yaml; the topics of events are {readable}")
    # The validator is built when the first message is read: a member reads few of the topics.
    events: TypeAdapter[Any] = TypeAdapter(EVENTS[topic.schema_.model], config=_DEFERRED)
    return Source(known.cluster_name(entry), events, _key_of(topic.key, topic.keys))


def topic_of(name: str) -> Topic:
    """A topic that has events, by its entry or its name on the cluster. Raises Unknown."""
    source(name)
    known = catalogue()
    return known.topics[str(known.entry(name))]


def topic_name(entry: str) -> str:
    """The name of an entry's topic on the cluster. Raises KeyError for an unknown entry."""
    return catalogue().cluster_name(entry)


def _key_of(key: str, keys: Mapping[str, str]) -> Callable[[Event], str]:
    field = key.removeprefix("data.")
    if not keys:
        return lambda event: event["data"][field]
    parts = {event_type: special.partition("data.") for event_type, special in keys.items()}

    def key_of(event: Event) -> str:
        prefix, _, name = parts.get(event["event_type"], ("", "", field))
        return prefix + str(event["data"][name])

    return key_of
