"""The collector's Prometheus metrics. No label contains anything that a client sent."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("daybook_collector_requests_total", "Tracking calls, by status", ["status"])
REQUEST_SECONDS = Histogram(
    "daybook_collector_request_seconds",
    "Seconds from a tracking call's first byte to its response",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
EVENTS = Counter(
    "daybook_collector_events_total",
    "Tracked events, by outcome: accepted, invalid, unavailable (not stored by Kafka), limited",
    ["outcome"],
)
DO_NOT_TRACK = Counter(
    "daybook_collector_do_not_track_total", "Calls that were ignored because of DNT or Sec-GPC"
)
BOTS = Counter(
    "daybook_collector_bot_events_total", "Accepted events of bots, by reason", ["reason"]
)
UNLIMITED = Counter(
    "daybook_collector_unlimited_events_total",
    "Events accepted without a rate limit, because Redis was unavailable",
)
SOURCES_CAPPED = Counter(
    "daybook_collector_sources_capped_total",
    "Events whose source became `other`, because their key had sent too many sources that day",
)
NAMES_CAPPED = Counter(
    "daybook_collector_names_capped_total",
    "Unpublished names of funnels, steps and ticketed events that became `other`, by kind",
    ["kind"],
)
STALE_KEYS = Counter(
    "daybook_collector_stale_key_calls_total",
    "Calls accepted with an expired entry of the key cache, because MongoDB was unavailable",
)
QUEUE_MESSAGES = Gauge("daybook_collector_queue_messages", "Events that wait for Kafka")
