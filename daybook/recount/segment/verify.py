"""Recounts segments from the log and reports what differs."""

from collections.abc import Mapping
from time import monotonic
from typing import Any

from daybook.recount.errors import Unrecountable, within_memory
from daybook.recount.fleet import Documents
from daybook.recount.segment.compare import Finding, findings
from daybook.recount.segment.group import SegmentGroup
from daybook.recount.segment.session import SegmentRecount
from daybook.recount.segment.stored import Progress
from daybook.recount.verdict.report import Difference, Doubt, Report


def verify_segments(
    kafka_config: Mapping[str, Any],
    documents: Documents,
    group: SegmentGroup,
    report_progress: Progress,
    memory_mib: int,
) -> Report:
    """Compares profiles, rows, counts and published changes. Raises Unreachable."""
    started = monotonic()
    report = Report(group.name)
    try:
        with (
            within_memory(),
            SegmentRecount(kafka_config, documents, group, report_progress, memory_mib) as recount,
        ):
            recount.snapshot()
            for found in findings(recount.replay):
                add(report, found)
            report.messages = recount.messages
    except Unrecountable as error:
        report.doubts.append(Doubt(str(error)))
    report.seconds = monotonic() - started
    return report


def add(report: Report, found: Finding) -> None:
    """Adds a finding to the report."""
    name = found.collection, found.document, found.field
    if found.doubt:
        report.doubts.append(Doubt(found.doubt, *name))
    else:
        report.differences.append(Difference(*name, found.stored, found.recounted))
