"""What is kept of a file that somebody asked for: its request, how far it is, when it goes."""

from daybook.engine.documents.rows import RowIndex, RowModel

Exports = RowModel(
    "exports",
    (RowIndex(("status", "expires_at")), RowIndex(("ended_at",))),
    {
        "_id": ("string", "organization and job, percent-encoded, joined by `:`"),
        "organization_id": ("string", "whose numbers, and who may ask for the file"),
        "job_id": ("string", "as it was answered to whoever asked"),
        "report_type": ("string", "overview, conversions, dropoffs, revenue or events"),
        "format": ("string", "csv, xlsx, pdf or json"),
        "date_from": ("string", "as asked for; the first day, counted"),
        "date_to": ("string", "the last day, counted"),
        "funnel_id": ("string or null", "the report's funnel; null is all, of events alone"),
        "user_id": ("string or null", "whose events alone; null is everybody's"),
        "include_charts": ("bool", "drawn into a pdf"),
        "include_pii": ("bool", "the ids of visitors as they are; else pseudonyms"),
        "status": ("string", "processing, completed, failed or expired"),
        "requested_at": ("date", "when it was asked for"),
        "attempt": ("int32", "how often it was begun; only the newest attempt may end it"),
        "failures": ("int32", "how many attempts failed for a reason of the job's own"),
        "reason": ("string or null", "why it failed for good"),
        "file": ("string or null", "the file's name in the folder or bucket; null once it is gone"),
        "bytes": ("int64 or null", "the file's size"),
        "rows": ("int64 or null", "rows of all its tables"),
        "ended_at": ("date or null", "when it was completed, or failed"),
        "expires_at": ("date or null", "when the file is removed: 24 hours after `ended_at`"),
        "is_told": ("bool", "whether the event was published and the notices were tried"),
    },
)
