"""Each stored document beside what the log says of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from daybook.recount.compare import states
from daybook.recount.compare.documents import ABSENT, Unequal, unequal_fields
from daybook.recount.compare.expected import expected, is_nothing
from daybook.recount.compare.spool import Spool
from daybook.recount.recounted import Document, Recounted, marks
from daybook.recount.replay.model import Model
from daybook.recount.session import Recount, Snapshot

_TOLD_EVERY = 5_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """A document, daily or of state. `doubt`: why it cannot be recounted.

    `version` is the model version that the document is complete for; `recounted` is the sums of
    a daily document, `should` the fields of a state, None for a key the log does not know.
    """

    model: Model
    document: str
    stored: Document | None
    doubt: str | None
    unequal: list[Unequal]
    version: int
    recounted: Recounted | None = None
    should: Document | None = None

    def backfilled(self, field: Unequal) -> bool:
        return field.since <= self.version


def documents(recount: Recount, snapshot: Snapshot) -> Iterator[Verdict]:
    """A verdict on each daily document that is stored, or that the log knows of."""
    found = recount.replay.documents(snapshot.days)
    names = sorted(snapshot.documents.keys() | found.keys())
    for done, name in enumerate(names):
        if done % 100 == 0:
            recount.report_progress("comparing documents", done, len(names))
        yield _document(recount, snapshot, name, found.get(name, Recounted()))


def _document(
    recount: Recount, snapshot: Snapshot, name: tuple[str, str], found: Recounted
) -> Verdict:
    collection, document = name
    model = recount.models[collection]
    stored = snapshot.documents.get(name)
    firsts = {position: span[0] for position, span in found.spans.items()}
    firsts |= marks(stored or {}, "first")
    doubt = snapshot.coverage.of_document(marks(stored or {}, "applied"), firsts, found.spans)
    if stored is None:
        unequal = list(_all_of(model, expected(model, document, found.sums)))
    else:
        keys_max = recount.fleet.settings.map_keys_max
        unequal = list(unequal_fields(model, document, found.sums, stored, keys_max))
    version = _version(model, stored, snapshot)
    return Verdict(model, document, stored, doubt, unequal, version, recounted=found)


def _version(model: Model, stored: Document | None, snapshot: Snapshot) -> int:
    """What is not stored, or does not say, is as complete as the group says its documents are."""
    own: Any = (stored or {}).get("_daybook")
    version = own.get("model") if isinstance(own, dict) else None
    return version if isinstance(version, int) else snapshot.versions.get(model.collection, 0)


def _all_of(model: Model, should: Document) -> Iterator[Unequal]:
    """An absent document is zeros: what it should hold beyond that."""
    for field in model.fields.values():
        value = should[field.name]
        if not is_nothing(value) and not field.is_derived:
            yield Unequal(field.name, ABSENT, value, field.since)


def state_documents(recount: Recount, snapshot: Snapshot, model: Model) -> Iterator[Verdict]:
    """A verdict on each document of a collection of states that is stored, or whose key the log
    knows."""
    if model.collection not in snapshot.states:
        return
    moved: list[Verdict] = []
    for verdict in _states(recount, snapshot, model):
        is_moved = [each.field for each in verdict.unequal] == ["home"]
        if verdict.stored and verdict.should and is_moved:
            moved.append(verdict)
        else:
            yield verdict
    yield from _unless_ahead(recount, moved)


def _states(recount: Recount, snapshot: Snapshot, model: Model) -> Iterator[Verdict]:
    spool = snapshot.states[model.collection]
    ahead: dict[str, Document] = {}
    pairs = states.paired(_named(spool), recount.replay.states(model.collection))
    for done, (document, stored, should) in enumerate(pairs):
        if done % _TOLD_EVERY == 0:
            recount.report_progress("comparing states", done, spool.count)
        applied = marks(stored or {}, "applied")
        if any(last > snapshot.reach.get(position, -1) for position, last in applied.items()):
            assert stored is not None
            ahead[document] = stored
        else:
            yield _state(recount, snapshot, model, document, stored, should)
    if not ahead:
        return
    recount.replay.limit(
        snapshot.reach,
        (
            ((model.collection, document), marks(each, "applied"))
            for document, each in ahead.items()
        ),
    )
    further = dict(recount.replay.states(model.collection, list(ahead)))
    for document, stored in ahead.items():
        yield _state(recount, snapshot, model, document, stored, further.get(document))


def _absent(model: Model, should: Document) -> Unequal:
    """One field stands for all of the document."""
    name = next(iter(should))
    return Unequal(name, ABSENT, should[name], model.fields[name].since)


def _named(spool: Spool) -> Iterator[tuple[str, Document]]:
    """States by `_id`; one whose `_id` is no text sorts before, and is none of ours."""
    for stored in spool:
        if isinstance(stored["_id"], str):
            yield stored["_id"], stored


def _state(
    recount: Recount,
    snapshot: Snapshot,
    model: Model,
    document: str,
    stored: Document | None,
    should: Document | None,
) -> Verdict:
    doubt = snapshot.coverage.of_document(marks(stored or {}, "applied"), {})
    if stored is None:
        unequal = [_absent(model, should)] if should else []
    elif should is None:
        unequal = states.not_blank(model, stored)
    else:
        unequal = states.unequal_fields(model, stored, should)
    version = _version(model, stored, snapshot)
    return Verdict(model, document, stored, doubt, unequal, version, should=should)


def _unless_ahead(recount: Recount, moved: list[Verdict]) -> Iterator[Verdict]:
    """A home is pinned, or moved to added partitions, before anything there is counted."""
    if not moved:
        return
    later = recount.replay.places.ahead(moved[0].model.collection, [v.document for v in moved])
    for verdict in moved:
        assert verdict.stored and verdict.should
        stored, epoch = verdict.stored.get("home"), verdict.should["home"]["epoch"]
        homes = later.get(verdict.document, ())
        is_ahead = any(states.identical(stored, h) and h["epoch"] > epoch for h in homes)
        yield replace(verdict, unequal=[]) if is_ahead else verdict
