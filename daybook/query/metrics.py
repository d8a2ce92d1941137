"""The query module's metrics, once: what each tells. No label ever holds what a client sent."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "daybook_query_requests_total", "Calls, by route and status", ["route", "status"]
)
REQUEST_SECONDS = Histogram(
    "daybook_query_request_seconds",
    "A call, from its first byte to its answer's last; streams are none of them",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
ANSWERS = Counter(
    "daybook_query_answers_total",
    "Reports, by where they came from: made, shared, remembered, stale",
    ["origin"],
)
NOT_REMEMBERED = Counter(
    "daybook_query_not_remembered_total", "Answers that Redis could not take, or too large for it"
)
UNLIMITED = Counter(
    "daybook_query_unlimited_total", "Calls let in without a rate limit, for Redis was away"
)
STALE_KEYS = Counter(
    "daybook_query_stale_key_calls_total",
    "Calls let in by a key remembered from before, for MongoDB was away",
)
STREAMS = Gauge("daybook_query_streams", "Clients that listen to a channel")
STREAM_DROPPED = Counter(
    "daybook_query_stream_dropped_total", "Events that a client's full queue dropped, its oldest"
)
