"""Consumers, models, schemas, topics, recount and docs agree; a failure says what to change."""

from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import duckdb
import pytest

import consumers
from daybook.cli.support.recount_options import recounted_group
from daybook.engine.documents.fields import (
    Average,
    Breakdown,
    Counter,
    CountMap,
    DailyDocument,
    Difference,
    Field,
    Money,
    MoneyMap,
    PerCurrency,
    Rate,
    Squares,
    operands,
)
from daybook.engine.documents.rows import RowModel
from daybook.engine.documents.sketches import SketchModel
from daybook.engine.documents.state import StateModel
from daybook.engine.group import Group
from daybook.engine.kafka.clients import DEAD_LETTER_BYTES_MAX
from daybook.engine.protocol.stored_message import WHOLE
from daybook.exports.group import GROUP as EXPORTS
from daybook.recount.groups import GROUPS, find
from daybook.recount.segment.group import RULES, SEGMENT
from daybook.recount.segment.stored import FACTS
from daybook.segments.feed import SHARDS
from models.dictionary import dictionary
from models.segments import SegmentProfiles
from schemas.catalogue import EVENTS, catalogue
from schemas.json_schema import events

ROOT = Path(__file__).parents[1]
NO_DOCUMENTS = {"dictionary"}

KINDS = {
    Counter: "counter",
    Money: "money",
    Squares: "squares",
    MoneyMap: "money_map",
    CountMap: "count_map",
    Breakdown: "breakdown",
    PerCurrency: "per_currency",
    Rate: "rate",
    Average: "average",
    Difference: "difference",
}

each_group = pytest.mark.parametrize("group", consumers.FLEET, ids=lambda group: group.name)

# Its numbers are not sums of effects of one topic, so its recount has no models of them.
RECOUNTED = [group for group in consumers.FLEET if group.name != SEGMENT.name]
each_recounted = pytest.mark.parametrize("group", RECOUNTED, ids=lambda group: group.name)


def stems(package: str, ending: str = ".py") -> set[str]:
    found = {path.stem for path in (ROOT / package).glob(f"*{ending}")}
    return found - {"__init__"}


def short(group: Group) -> str:
    return group.name.removeprefix(consumers.PREFIX)


def test_every_file_in_consumers_is_a_group_of_the_fleet() -> None:
    in_files = {stem: import_module(f"consumers.{stem}").GROUP for stem in stems("consumers")}
    in_fleet = {short(group).replace("-", "_"): group for group in consumers.FLEET}
    assert in_files == in_fleet, (
        "consumers/<name>.py defines GROUP, named sc-analytics-<name> with dashes; FLEET in "
        "consumers/__init__.py lists each of them"
    )


def test_every_document_belongs_to_one_group() -> None:
    defined: list[Any] = []
    for stem in stems("models") - NO_DOCUMENTS:
        own = [found for found in vars(import_module(f"models.{stem}")).values() if is_model(found)]
        here = [found for found in own if home(found) in (None, f"models.{stem}")]
        assert here, f"models/{stem}.py defines no document: remove it, or give it one"
        defined += here
    defined = list(dict.fromkeys(defined))
    owned = [model for group in consumers.FLEET for model in group.documents]
    states = [group.state for group in consumers.FLEET if group.state]
    others: list[Any] = [group.sketches for group in consumers.FLEET if group.sketches]
    others += [*states, *(rows for state in states for rows in state.rows), *EXPORTS.rows]
    others += [rows for group in consumers.FLEET for rows in group.rows]
    for model in defined:
        owners = [*owned, *others].count(model)
        assert owners == 1, (
            f"{model.collection} has {owners} groups that own it, and needs one: name its model in "
            "the `documents`, the `state`, its `rows`, or the `sketches` of one consumers/ file"
        )
    assert all(model in defined for model in [*owned, *others]), (
        "a group owns a document that no file in models/ defines: move it there"
    )
    collections = [model.collection for model in defined]
    assert len(collections) == len(set(collections)), "two models have one collection: rename one"


def is_model(found: object) -> bool:
    if isinstance(found, RowModel | SketchModel | StateModel):
        return True
    is_class = isinstance(found, type) and issubclass(found, DailyDocument)
    return is_class and found is not DailyDocument


def home(found: Any) -> str | None:
    """The module of a class; other models are instances, and are where they are."""
    return found.__module__ if isinstance(found, type) else None


def test_every_file_of_events_is_in_the_catalogue() -> None:
    for stem in stems("schemas"):
        module = import_module(f"schemas.{stem}")
        own = {
            found
            for found in vars(module).values()
            if getattr(found, "__module__", None) == module.__name__ and is_event(found)
        }
        if not own:
            continue
        unions = [union for name, union in EVENTS.items() if name.startswith(f"schemas.{stem}.")]
        assert len(unions) == 1, (
            f"schemas/{stem}.py defines events: make a union of them, discriminated by "
            "event_type, and name it in EVENTS of schemas/catalogue.py"
        )
        (union, *_) = get_args(unions[0])
        left_out = own - set(get_args(union))
        assert not left_out, (
            f"{sorted(event.__name__ for event in left_out)} of schemas/{stem}.py are in no union: "
            "add them to it"
        )


def is_event(found: object) -> bool:
    return isinstance(found, type) and {"event_type", "event_id", "data"} <= set(
        getattr(found, "__annotations__", {})
    )


def test_every_union_belongs_to_one_topic_and_repeats_no_type() -> None:
    named = [topic.schema_.model for topic in catalogue().topics.values() if topic.schema_]
    assert sorted(named) == sorted(EVENTS), (
        "EVENTS of schemas/catalogue.py and the schemas in topics.yaml differ: each union is "
        "the schema of one topic"
    )
    for name, union in EVENTS.items():
        types = [
            get_args(get_type_hints(event)["event_type"])[0]
            for event in get_args(get_args(union)[0])
        ]
        assert len(types) == len(set(types)), f"{name} has an event_type twice: rename one"


def read_by(group: Group) -> list[str]:
    own = [group.feed.topic] if group.feed else []
    return [*group.topics, *(source.topic for source in group.definitions), *own]


@each_group
def test_a_groups_topics_name_it_as_their_consumer(group: Group) -> None:
    for topic in read_by(group):
        assert topic in catalogue().topics, f"add {topic} to topics.yaml: {group.name} reads it"
        assert group.name in catalogue().topics[topic].consumers, (
            f"add {group.name} to the consumers of {topic} in topics.yaml: it reads it"
        )


def test_every_consumer_in_topics_yaml_reads_its_topic() -> None:
    reads = {group.name: read_by(group) for group in (*consumers.FLEET, EXPORTS)}
    for name, topic in catalogue().topics.items():
        for consumer in topic.consumers:
            assert name in reads.get(consumer, []), (
                f"topics.yaml says {consumer} reads {name}: remove it there, or make "
                "consumers/ say so, too"
            )


def test_every_topic_of_events_has_its_dead_letters_and_examples() -> None:
    topics = catalogue().topics
    for name, topic in topics.items():
        if topic.schema_ is None:
            continue
        wanted = f"{name}.dlq" if topic.consumers else None
        assert topic.dead_letter == wanted, f"dead_letter of {name} must be {wanted}"
        examples = f"schemas/examples/{name}"
        assert topic.schema_.examples == examples, f"examples of {name} must be {examples}"
        assert (ROOT / examples).is_dir(), f"make {examples}, with an example of every type"
    dead_letter_topics = {
        name for name, topic in topics.items() if topic.schema_ is None and not topic.internal
    }
    expected = {topic.dead_letter for topic in topics.values() if topic.dead_letter}
    assert dead_letter_topics == expected, (
        f"{sorted(dead_letter_topics ^ expected)}: a topic without a schema must be the "
        "dead_letter of another one, or internal"
    )


def test_every_internal_topic_is_the_feed_of_one_group() -> None:
    internal = [name for name, topic in catalogue().topics.items() if topic.internal]
    feeds = [group.feed.topic for group in consumers.FLEET if group.feed]
    assert sorted(internal) == sorted(feeds), (
        "the topic of a group's feed is internal in topics.yaml, and no other topic is"
    )
    assert all(catalogue().partitions(name) == SHARDS for name in internal)


@each_group
def test_what_a_group_produces_is_a_topic_of_events_of_daybook(group: Group) -> None:
    for topic in group.produces:
        known = catalogue().topics[topic]
        assert known.schema_ and known.producers == ["daybook"], f"say so of {topic}"


def test_dead_letters_are_larger_than_their_source_and_kept_no_longer() -> None:
    known = catalogue()
    for name, topic in known.topics.items():
        if topic.dead_letter is None:
            continue
        own, dead = known.config(name), known.config(topic.dead_letter)
        assert int(dead["max.message.bytes"]) == DEAD_LETTER_BYTES_MAX
        assert int(dead["max.message.bytes"]) > int(own["max.message.bytes"])
        assert sum(WHOLE) < DEAD_LETTER_BYTES_MAX
        kept, dead_kept = int(own["retention.ms"]), int(dead["retention.ms"])
        assert kept == -1 or 0 <= dead_kept <= kept, f"{topic.dead_letter} outlives {name}"


def test_every_group_can_be_recounted_and_nothing_else() -> None:
    rules = stems("daybook/recount", ".sql")
    fleet = {short(group) for group in consumers.FLEET}
    assert rules == fleet, (
        f"{sorted(rules ^ fleet)}: recount/<short name>.sql is there for each group, and for no "
        "other"
    )
    known = {(group.name, group.topic, group.rules.files[0].name) for group in GROUPS}
    known |= {(SEGMENT.name, source.topic, RULES.name) for source in SEGMENT.sources}
    assert known == {
        (group.name, topic, f"{short(group)}.sql")
        for group in consumers.FLEET
        for topic in group.topics
    }, "name every group, its topics and its rules in daybook/recount/groups.py or segment/group.py"


def test_the_recount_of_segments_reads_every_type_and_compares_every_field() -> None:
    for read in (*SEGMENT.sources, SEGMENT.changes):
        assert set(read.event_types) == set(events(read.topic)), read.topic
    assert recounted_group(consumers.find(SEGMENT.name)) == SEGMENT
    # How members work, which is not a question of what the log says.
    work = {"revision", "applied", "due", "due_at", "touched", "is_merged", "outbox"}
    work |= {"unpublished", "is_changed", "evaluated_to", "late"}
    compared = {*FACTS, "shard", "segments"}
    assert compared | work == set(SegmentProfiles.fields), "add the field to one of these"


@each_recounted
def test_the_recount_has_every_field_of_the_models(group: Group) -> None:
    stored = {
        (model.collection, name, kind_of(field), *worked_out_from(field), field.since)
        for model in group.documents
        for name, field in model.fields.items()
    }
    if group.state:
        names = [*group.state.new("whose:key"), "home", "event_ids"]
        newest = {**group.state.since, **group.state.changed}
        stored |= {
            (group.state.collection, name, "state", None, None, newest.get(name, 1))
            for name in names
        }
        whole_documents = next(g.rules.whole_documents for g in GROUPS if g.name == group.name)
        stored |= {
            (rows.collection, name, "state", None, None, rows.since.get(name, 0))
            for rows in group.state.rows
            if rows.collection in whole_documents
            for name in rows.fields
        }
    missing, strange = stored - recounted(group), recounted(group) - stored
    assert not missing and not strange, (
        f"the fields of recount/{short(group)}.sql: add {sorted(missing, key=str)}, "
        f"remove {sorted(strange, key=str)}"
    )


def kind_of(field: Field) -> str:
    is_named = isinstance(field, Breakdown) and field.named
    return "named_breakdown" if is_named else KINDS[type(field)]


def worked_out_from(field: Field) -> tuple[str | None, str | None]:
    """For derived fields; of maps their groups, or what they count and sum up."""
    if isinstance(field, CountMap):
        return ",".join(field.groups) or None, None
    if isinstance(field, Breakdown):
        return ",".join(field.counts), ",".join(field.money) or None
    part, whole = operands(field) or (None, None)
    return part, whole


def recounted(group: Group) -> set[tuple[Any, ...]]:
    """The table `fields` that the group's rules begin with."""
    rules = (ROOT / "daybook/recount" / f"{short(group)}.sql").read_text()
    with duckdb.connect() as database:
        (fields,) = [
            statement.query
            for statement in database.extract_statements(rules)
            if "CREATE TABLE fields AS" in statement.query
        ]
        database.execute(fields)
        return set(database.execute("FROM fields").fetchall())


@each_recounted
def test_the_recounts_duplicate_window_holds_every_type_of_the_topic(group: Group) -> None:
    known = {event_type for topic in group.topics for event_type in events(topic)}
    assert set(find(group.name).event_types) == known, (
        f"set the event_types of {group.name} in daybook/recount/groups.py to {sorted(known)}"
    )


def test_the_data_dictionary_is_up_to_date() -> None:
    page = ROOT / "docs/data-dictionary.md"
    assert page.exists() and page.read_text() == dictionary((*consumers.FLEET, EXPORTS)), (
        "daybook schemas --dictionary > docs/data-dictionary.md"
    )
