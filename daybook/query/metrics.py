"""The query module's metrics; no label contains a client's input."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "daybook_query_requests_total", "Requests, by route and status", ["route", "status"]
)
REQUEST_SECONDS = Histogram(
    "daybook_query_request_seconds",
    "Duration of a request until the last byte of the response, streams excluded",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
ANSWERS = Counter(
    "daybook_query_answers_total",
    "Reports, by origin: made (computed), shared (computed for a concurrent request), "
    "remembered (cached), stale",
    ["origin"],
)
NOT_CACHED = Counter(
    "daybook_query_not_remembered_total",
    "Responses not cached, because Redis failed or they were too large",
)
UNLIMITED = Counter(
    "daybook_query_unlimited_total", "Requests without a rate limit, because Redis was unavailable"
)
STALE_KEYS = Counter(
    "daybook_query_stale_key_calls_total",
    "Requests accepted by a cached key, because MongoDB was unavailable",
)
BUSY = Counter(
    "daybook_query_busy_total",
    "Requests refused with 429 because of the caller's or their organization's share: reports "
    "being computed, open streams, waiting exports",
)
STREAMS = Gauge("daybook_query_streams", "Open event streams")
STREAM_DROPPED = Counter(
    "daybook_query_stream_dropped_total",
    "Events dropped from the full queues of slow clients, oldest first",
)
