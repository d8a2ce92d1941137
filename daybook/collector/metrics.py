"""The collector's metrics, once: what each tells. No label ever holds what a client sent."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("daybook_collector_requests_total", "Tracking calls, by status", ["status"])
REQUEST_SECONDS = Histogram(
    "daybook_collector_request_seconds",
    "A tracking call, from its first byte to its answer",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
EVENTS = Counter(
    "daybook_collector_events_total",
    "Events, by what became of them: accepted, invalid, unavailable, limited",
    ["outcome"],
)
DO_NOT_TRACK = Counter(
    "daybook_collector_do_not_track_total", "Calls that were not looked at: DNT or Sec-GPC"
)
BOTS = Counter(
    "daybook_collector_bot_events_total", "Accepted events of bots, by reason", ["reason"]
)
UNLIMITED = Counter(
    "daybook_collector_unlimited_events_total", "Events let in unlimited, for Redis was away"
)
SOURCES_CAPPED = Counter(
    "daybook_collector_sources_capped_total",
    "Events whose source became `other`: their key named too many that day",
)
STALE_KEYS = Counter(
    "daybook_collector_stale_key_calls_total",
    "Calls let in by a key remembered from before, for MongoDB was away",
)
QUEUE_MESSAGES = Gauge("daybook_collector_queue_messages", "Events that wait for the broker")
