"""Compares each stored document with what the log says, and gives a verdict on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from daybook.recount.compare import states
from daybook.recount.compare.documents import ABSENT, UnequalField, unequal_fields
from daybook.recount.compare.equal import Part
from daybook.recount.compare.equal import others as find_others
from daybook.recount.compare.expected import expected_document, is_nothing
from daybook.recount.compare.stored import decoded
from daybook.recount.recounted import Document, Recounted, marks
from daybook.recount.replay.model import Model
from daybook.recount.session import Recount, Snapshot


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one document, daily or state.

    `document`: its `_id`. `doubt`: why it cannot be recounted, if so. `unequal`: the fields that
    differ. `version`: the model version that the document is complete for. `recounted`: the sums
    of a daily document. `expected`: the fields of a state; None if its key is not in the log.
    """

    model: Model
    document: str
    stored: Document | None
    doubt: str | None
    unequal: list[UnequalField]
    version: int
    recounted: Recounted | None = None
    expected: Document | None = None

    def is_backfilled(self, field: UnequalField) -> bool:
        """Whether the document is complete for the model version that added the field."""
        return field.since <= self.version


def document_verdicts(recount: Recount, snapshot: Snapshot) -> Iterator[Verdict]:
    """A verdict on each daily document that is stored or that the log gives."""
    recounted = recount.replay.results.documents(snapshot.days)
    names = sorted(snapshot.documents.keys() | recounted.keys())
    for done, name in enumerate(names):
        if done % 100 == 0:
            recount.report_progress("comparing documents", done, len(names))
        yield _document(recount, snapshot, name, recounted.get(name, Recounted()))


def _document(
    recount: Recount, snapshot: Snapshot, name: tuple[str, str], recounted: Recounted
) -> Verdict:
    collection, document = name
    model = recount.models[collection]
    stored = snapshot.documents.get(name)
    firsts = {position: span[0] for position, span in recounted.spans.items()}
    firsts |= marks(stored or {}, "first")
    doubt = snapshot.coverage.document_doubt(
        marks(stored or {}, "applied"), firsts, recounted.spans
    )
    if stored is None:
        unequal = list(_nonzero_fields(model, expected_document(model, document, recounted.sums)))
    else:
        keys_max = recount.fleet.settings.map_keys_max
        unequal = list(unequal_fields(model, document, recounted.sums, stored, keys_max))
    version = states.version(stored or {}, snapshot.versions.get(model.collection, 0))
    return Verdict(model, document, stored, doubt, unequal, version, recounted=recounted)


def _nonzero_fields(model: Model, expected: Document) -> Iterator[UnequalField]:
    """The fields that an absent document lacks; zeros need not be stored."""
    for field in model.fields.values():
        value = expected[field.name]
        if not is_nothing(value) and not field.is_derived:
            yield UnequalField(field.name, ABSENT, value, field.since)


@dataclass(frozen=True, slots=True)
class StateVerdicts:
    """The verdicts on the states of some keys, without those on the states in `equal`, a number."""

    equal: int
    verdicts: Iterator[Verdict]


def state_verdicts(
    recount: Recount, snapshot: Snapshot, model: Model, version_min: int = 0
) -> Iterator[StateVerdicts]:
    """Verdicts on the state documents that are stored or whose key is in the log; always on those
    of a lower model version than `version_min`. The comparison begins with the call."""
    if model.collection not in snapshot.states:
        return iter(())
    spool, results = snapshot.states[model.collection], recount.replay.results
    parts = [
        Part(
            model,
            snapshot.versions.get(model.collection, 0),
            version_min,
            snapshot.coverage,
            results.whole_documents[model.collection],
            path,
            results.state_files(model.collection, number),
        )
        for number, path in enumerate(spool.paths)
    ]
    return _on_parts(recount, snapshot, parts, recount.begin(find_others, parts), spool.count)


def _on_parts(
    recount: Recount,
    snapshot: Snapshot,
    parts: list[Part],
    found: Iterator[tuple[int, set[str]]],
    total: int,
) -> Iterator[StateVerdicts]:
    done = 0
    for part, (equal, others) in zip(parts, found, strict=True):
        recount.report_progress("comparing states", done, total)
        yield StateVerdicts(equal, _on_others(recount, snapshot, part, others))
        done += equal + len(others)


def _on_others(
    recount: Recount, snapshot: Snapshot, part: Part, names: set[str]
) -> Iterator[Verdict]:
    moved: list[Verdict] = []
    for document, raw, expected in part.pairs() if names else ():
        if document not in names:
            continue
        stored = None if raw is None else decoded(raw)
        verdict = _state(snapshot, part.model, document, stored, expected)
        is_moved = [field.field for field in verdict.unequal] == ["home"]
        if verdict.stored and verdict.expected and is_moved:
            moved.append(verdict)
        else:
            yield verdict
    yield from _unless_ahead(recount, moved)


def _absent(model: Model, expected: Document) -> UnequalField:
    """For an absent state, one field stands for the whole document."""
    name = next(iter(expected))
    return UnequalField(name, ABSENT, expected[name], model.fields[name].since)


def _state(
    snapshot: Snapshot,
    model: Model,
    document: str,
    stored: Document | None,
    expected: Document | None,
) -> Verdict:
    doubt = snapshot.coverage.document_doubt(marks(stored or {}, "applied"), {})
    if stored is None:
        unequal = [_absent(model, expected)] if expected else []
    elif expected is None:
        unequal = states.unexplained_fields(model, stored)
    else:
        unequal = states.unequal_fields(model, stored, expected)
    version = states.version(stored or {}, snapshot.versions.get(model.collection, 0))
    return Verdict(model, document, stored, doubt, unequal, version, expected=expected)


def _unless_ahead(recount: Recount, moved: list[Verdict]) -> Iterator[Verdict]:
    """Drops the difference where the stored home partition is right, but ahead of the recount.

    Members write a key's home, also after partitions were added, before they count messages there.
    """
    if not moved:
        return
    later = recount.replay.results.ahead(moved[0].model.collection, [v.document for v in moved])
    for verdict in moved:
        assert verdict.stored and verdict.expected
        stored, epoch = verdict.stored.get("home"), verdict.expected["home"]["epoch"]
        homes = later.get(verdict.document, ())
        is_ahead = any(states.identical(stored, h) and h["epoch"] > epoch for h in homes)
        yield replace(verdict, unequal=[]) if is_ahead else verdict
