"""Recounts segments from the log and reports what differs."""

from collections.abc import Collection, Iterator
from time import sleep

from daybook.recount.segment.compare import PROFILES, Finding, findings
from daybook.recount.segment.session import SegmentRecount, Snapshot
from daybook.recount.segment.versions import version_findings
from daybook.recount.verdict.report import Difference, Doubt, Report

_ROUNDS_MAX = 5
_PAUSE_SECONDS = 1.0


def judge_segments(report: Report, recount: SegmentRecount) -> None:
    """Compares profiles, rows, counts and published changes. Raises Unreachable and Unrecountable.

    Members may run meanwhile: what differs of people about whom something happened is compared
    again, as it is then.
    """
    report.excluded = recount.fleet.excluded()
    report.gaps = [str(gap) for gap in recount.fleet.gaps()]
    report.doubts += group_doubts(recount, recount.snapshot())
    # Where a part of the log is missing, whatever differs may come from there.
    _compare(recount, report, report.doubts[0].reason if report.doubts else None)
    report.messages = recount.messages


def _compare(recount: SegmentRecount, report: Report, doubt: str | None) -> None:
    report.states, report.documents = recount.replay.numbers()
    unequal: set[tuple[str, str]] = set()
    for settled in rounds(recount):
        for found in settled:
            unequal.add((found.collection, found.document))
            add(report, found._replace(doubt=doubt or found.doubt))
    for found in version_findings(recount):
        unequal.add((found.collection, found.document))
        add(report, found)
    states = sum(collection == PROFILES for collection, _ in unequal)
    report.states_equal = report.states - states
    report.documents_equal = max(0, report.documents - len(unequal) + states)


def rounds(recount: SegmentRecount) -> Iterator[list[Finding]]:
    """What differs, after a snapshot was taken. Of people whom members worked on meanwhile, it is
    looked for again in new snapshots; of those who never rest, it is a doubt."""
    suspects: Collection[str] | None = None
    for number in range(_ROUNDS_MAX):
        if suspects is not None:
            sleep(_PAUSE_SECONDS)
            recount.snapshot(suspects)
        found = [
            one for one in findings(recount.replay) if suspects is None or one.person in suspects
        ]
        moving = recount.moving({one.person for one in found})
        yield [one for one in found if one.person not in moving]
        suspects = moving.keys()
        if not suspects:
            return
        if number + 1 == _ROUNDS_MAX or not recount.has_members():
            yield [one._replace(doubt=moving[one.person]) for one in found if one.person in moving]
            return


def group_doubts(recount: SegmentRecount, snapshot: Snapshot) -> list[Doubt]:
    """Why numbers of the group are uncertain, whichever document they are in."""
    log, reasons, firsts = recount.log, [], recount.fleet.progress().firsts
    for gap in recount.fleet.gaps():
        reasons.append(f"gap accepted: {gap} were never counted")
    for topic in log.topics[: len(recount.group.sources)]:
        for number, start in topic.starts.items():
            if (first := firsts.get((topic.id, number), start)) < start:
                where = f"{topic.name}[{number}]"
                reasons.append(f"{where}: the log begins at {start}, counting began at {first}")
    known = {topic.id for topic in log.topics}
    lost = {topic_id for clock in snapshot.clocks.values() for topic_id, _ in clock.reach}
    for topic_id in sorted(lost - known):
        reasons.append(f"an earlier incarnation of a topic was counted ({topic_id})")
    unreadable = log.unreadable + recount.replay.unreadable()
    for place, offset, why in unreadable:
        if offset < snapshot.reach.get(place, 0):
            where = f"{log.name(place)} offset {offset}"
            reasons.append(f"{where} was skipped, but is not a dead letter: {why}")
    done = min(clock.done for clock in snapshot.clocks.values())
    for offset, why in snapshot.definitions.unreadable:
        if offset < done:
            reasons.append(f"{recount.group.definitions} offset {offset} defines nothing: {why}")
    return [Doubt(reason) for reason in reasons]


def add(report: Report, found: Finding) -> None:
    """Adds a finding to the report."""
    name = found.collection, found.document, found.field
    if found.doubt:
        report.doubts.append(Doubt(found.doubt, *name))
    else:
        report.differences.append(Difference(*name, found.stored, found.recounted))
