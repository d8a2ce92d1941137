"""The export workers' metrics, once: what each tells. No label ever holds what a client sent."""

from prometheus_client import Counter, Histogram

EXPORTS = Counter(
    "daybook_exports_total", "Files asked for that have ended: completed, failed", ["status"]
)
EXPORT_SECONDS = Histogram(
    "daybook_export_seconds",
    "From a worker's beginning a file to the file's being in its place",
    ["report_type"],
    buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300),
)
ATTEMPTS_FAILED = Counter(
    "daybook_export_attempts_failed_total", "Attempts at a file that failed for its own reason"
)
NOTICES = Counter(
    "daybook_export_notices_total",
    "Notices that a file has ended, by way (webhook, mail) and outcome (sent, failed)",
    ["way", "status"],
)
FILES_REMOVED = Counter(
    "daybook_export_files_removed_total",
    "Files removed: expired, or orphaned (whole, but named by no job)",
    ["reason"],
)
