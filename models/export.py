"""The row of an export job: its request, its progress and its file."""

from daybook.engine.documents.rows import RowIndex, RowModel

UNDONE = {"is_told": False}
"""The filter for jobs that a worker has to do something about."""

Exports = RowModel(
    "exports",
    (
        RowIndex(("status", "expires_at")),
        RowIndex(("ended_at",)),
        RowIndex(("is_told", "organization_id", "requested_at"), UNDONE),
        RowIndex(("organization_id", "idempotency_mark")),
    ),
    {
        "_id": ("string", "organization and job, percent-encoded, joined by `:`"),
        "organization_id": ("string", "the organization that is reported on and may get the file"),
        "job_id": ("string", "the job's id, as returned to the client"),
        "report_type": ("string", "overview, conversions, dropoffs, revenue or events"),
        "format": ("string", "csv, xlsx, pdf or json"),
        "date_from": ("string", "first day of the range, included; as requested"),
        "date_to": ("string", "last day of the range, included; as requested"),
        "funnel_id": ("string or null", "the report's funnel; null: all funnels, for events only"),
        "user_id": ("string or null", "only this user's events; null: everyone's"),
        "include_charts": ("bool", "whether a pdf has charts"),
        "include_pii": ("bool", "whether visitor ids are real; otherwise pseudonyms"),
        "requester_email": (
            "string or null",
            "address that the notice goes to as well; null: it is unknown or not allowed",
        ),
        "idempotency_mark": (
            "string or null",
            "keyed mark of the caller and the `Idempotency-Key`; null without one",
        ),
        "status": ("string", "processing, completed, failed or expired"),
        "requested_at": ("date", "time of the request"),
        "attempt": (
            "int32",
            "number of attempts started, 0 while the job waits; only the newest may end it",
        ),
        "claimed_until": (
            "date or null",
            "until when one worker has the job, which it renews; past or null: free for any",
        ),
        "failures": ("int32", "number of attempts that failed because of the job itself"),
        "reason": ("string or null", "why the job failed permanently"),
        "file": ("string or null", "name in the folder or bucket; null once the file is removed"),
        "bytes": ("int64 or null", "size of the file"),
        "rows": ("int64 or null", "number of rows in all tables"),
        "ended_at": ("date or null", "when the job completed or failed"),
        "expires_at": ("date or null", "when the file is removed: 24 hours after `ended_at`"),
        "is_told": ("bool", "whether the event was published and notifications were attempted"),
    },
)
