"""The export workers' Prometheus metrics. No label contains anything that a client sent."""

from prometheus_client import Counter, Histogram

EXPORTS = Counter(
    "daybook_exports_total", "Export jobs that have ended, by status: completed, failed", ["status"]
)
EXPORT_SECONDS = Histogram(
    "daybook_export_seconds",
    "Seconds from the start of an attempt until its file is stored",
    ["report_type"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300),
)
ATTEMPTS_FAILED = Counter(
    "daybook_export_attempts_failed_total",
    "Attempts that failed, but not because a server was unavailable",
)
NOTICES = Counter(
    "daybook_export_notices_total",
    "Notices about ended jobs, by way (webhook, mail) and status (sent, failed)",
    ["way", "status"],
)
FILES_REMOVED = Counter(
    "daybook_export_files_removed_total",
    "Removed files: expired, or orphaned (complete, but no job refers to them)",
    ["reason"],
)
