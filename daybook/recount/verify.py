"""Recounts a group's documents from the log and reports the fields that differ."""

from collections.abc import Mapping
from itertools import chain
from time import monotonic
from typing import Any

from daybook.recount.days import Days
from daybook.recount.errors import Unrecountable, within_memory
from daybook.recount.fleet import Documents
from daybook.recount.groups import Group
from daybook.recount.replay.tables import MEMORY_MIB
from daybook.recount.segment.group import SegmentGroup
from daybook.recount.segment.session import SegmentRecount
from daybook.recount.segment.verify import judge_segments
from daybook.recount.session import Progress, Recount, Snapshot
from daybook.recount.verdict.documents import Verdict, document_verdicts, state_verdicts
from daybook.recount.verdict.report import Difference, Doubt, Report
from daybook.recount.verdict.sketches import VERSION, doubt_of_sketches, sketch_verdicts


def no_progress(what: str, done: int, total: int) -> None:
    """Reports nothing."""


def verify_group(
    kafka_config: Mapping[str, Any],
    documents: Documents,
    group: Group | SegmentGroup,
    days: Days = Days(),  # noqa: B008
    report_progress: Progress = no_progress,
    memory_mib: int = MEMORY_MIB,
) -> Report:
    """Compares the documents of these days; if `days` is unlimited, every state document as well.

    `kafka_config` is a client's configuration; `memory_mib` bounds the memory of this process and
    those that help it. The result is right even while the group runs. Raises Unreachable.
    """
    started = monotonic()
    report = Report(group.name)
    try:
        with within_memory():
            if isinstance(group, SegmentGroup):
                with SegmentRecount(
                    kafka_config, documents, group, report_progress, memory_mib
                ) as segments:
                    judge_segments(report, segments)
            else:
                with Recount(
                    kafka_config, documents, group, report_progress, memory_mib
                ) as recount:
                    _judge_all(report, recount, days)
    except Unrecountable as error:
        report.doubts.append(Doubt(str(error)))
    report.seconds = monotonic() - started
    return report


def _judge_all(report: Report, recount: Recount, days: Days) -> None:
    snapshot = recount.snapshot(days, with_states=days.are_all)
    judge_group(report, recount, snapshot)
    # Other processes compare the states meanwhile.
    states = [state_verdicts(recount, snapshot, model) for model in recount.state_models]
    for verdict in document_verdicts(recount, snapshot):
        judge(report, verdict)
    judge_sketches(report, recount, snapshot)
    for part in chain.from_iterable(states):
        report.states += part.equal
        report.states_equal += part.equal
        for verdict in part.verdicts:
            judge(report, verdict)
    report.messages = recount.messages


def judge_group(report: Report, recount: Recount, snapshot: Snapshot) -> None:
    """Adds the gaps, and the doubts that concern the group as a whole."""
    report.gaps = [str(gap) for gap in snapshot.gaps]
    report.excluded = recount.fleet.excluded()
    for reason in snapshot.coverage.group_doubts(all_days=snapshot.days.are_all):
        report.doubts.append(Doubt(reason))
    for reason in recount.unreadable(snapshot.reach):
        report.doubts.append(Doubt(reason))


def judge(report: Report, verdict: Verdict) -> None:
    """Adds a document's verdict. A field that the model got later is in doubt until a rebuild."""
    name = verdict.model.collection, verdict.document
    equal = not verdict.unequal and not verdict.doubt
    if verdict.model.is_state:
        report.states += 1
        report.states_equal += equal
    else:
        report.documents += 1
        report.documents_equal += equal
    if verdict.doubt:
        report.doubts.append(Doubt(verdict.doubt, *name))
        return
    for field in verdict.unequal:
        if verdict.is_backfilled(field):
            difference = Difference(*name, field.field, field.stored, field.recounted)
            report.differences.append(difference)
        else:
            reason = f"added by version {field.since} of the model and not backfilled by a rebuild"
            report.doubts.append(Doubt(reason, *name, field.field))


def judge_sketches(report: Report, recount: Recount, snapshot: Snapshot) -> None:
    """Adds the sketches' verdicts.

    Differences are doubts until a rebuild, if the group counted before it kept sketches. If the
    log is incomplete, all sketches are in doubt.
    """
    collection = recount.group.sketches
    if doubt := doubt_of_sketches(recount, snapshot):
        report.doubts.append(Doubt(doubt, collection))
    is_backfilled = snapshot.versions.get(collection, 0) >= VERSION
    for verdict in sketch_verdicts(recount, snapshot):
        report.sketches += 1
        report.sketches_equal += not verdict.differences
        for difference in verdict.differences:
            if is_backfilled and not verdict.predates_sketches:
                report.differences.append(difference)
            else:
                reason = "added later and not backfilled by a rebuild"
                name = difference.collection, difference.document, difference.field
                report.doubts.append(Doubt(reason, *name))
