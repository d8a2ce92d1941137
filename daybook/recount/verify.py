"""Recounts a group's documents from the log and says which fields are not what it says."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from daybook.recount.days import Days
from daybook.recount.errors import Unrecountable, within_memory
from daybook.recount.fleet import Documents
from daybook.recount.groups import Group
from daybook.recount.session import Progress, Recount, Snapshot
from daybook.recount.verdict import documents as examine
from daybook.recount.verdict.documents import Verdict
from daybook.recount.verdict.report import Difference, Doubt, Report
from daybook.recount.verdict.sketches import VERSION, sketches
from daybook.recount.verdict.sketches import doubt as doubt_of_sketches


def silent(what: str, done: int, total: int) -> None:
    """Tells nobody."""


def verify_group(
    kafka_config: Mapping[str, Any],
    documents: Documents,
    group: Group,
    days: Days = Days(),  # noqa: B008
    tell: Progress = silent,
) -> Report:
    """Compares the documents of these days, and with all days every state document, too.

    `kafka_config` is a client's configuration. Right while the group runs. Raises Unreachable.
    """
    started = monotonic()
    report = Report(group.name)
    try:
        with within_memory(), Recount(kafka_config, documents, group, tell) as recount:
            snapshot = recount.snapshot(days, with_states=days.are_all)
            judge_group(report, recount, snapshot)
            for verdict in examine.documents(recount, snapshot):
                judge(report, verdict)
            for model in recount.state_models:
                for verdict in examine.state_documents(recount, snapshot, model):
                    judge(report, verdict)
            judge_sketches(report, recount, snapshot)
            report.messages = recount.messages
    except Unrecountable as error:
        report.doubts.append(Doubt(str(error)))
    report.seconds = monotonic() - started
    return report


def judge_group(report: Report, recount: Recount, snapshot: Snapshot) -> None:
    """Notes what is uncertain about every document."""
    report.gaps = [str(gap) for gap in snapshot.gaps]
    for reason in snapshot.coverage.of_group(all_days=snapshot.days.are_all):
        report.doubts.append(Doubt(reason))
    for reason in recount.unreadable(snapshot.reach):
        report.doubts.append(Doubt(reason))


def judge(report: Report, verdict: Verdict) -> None:
    """Adds a verdict to a report. A field that was added later is in doubt until a rebuild."""
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
    for each in verdict.unequal:
        if verdict.backfilled(each):
            report.differences.append(Difference(*name, each.field, each.stored, each.recounted))
        else:
            reason = f"added by version {each.since} of the model and not backfilled by a rebuild"
            report.doubts.append(Doubt(reason, *name, each.field))


def judge_sketches(report: Report, recount: Recount, snapshot: Snapshot) -> None:
    """Adds the verdicts on sketches; those of a group that counted before it kept any are in
    doubt until a rebuild, and all are where the log is not whole."""
    collection = recount.group.sketches
    if doubt := doubt_of_sketches(recount, snapshot):
        report.doubts.append(Doubt(doubt, collection))
    is_backfilled = snapshot.versions.get(collection, 0) >= VERSION
    for verdict in sketches(recount, snapshot):
        report.sketches += 1
        report.sketches_equal += not verdict.differences
        for each in verdict.differences:
            if is_backfilled and not verdict.is_of_old:
                report.differences.append(each)
            else:
                reason = "added later and not backfilled by a rebuild"
                report.doubts.append(Doubt(reason, each.collection, each.document, each.field))
