"""Metrics of the second stage of the segment group."""

from prometheus_client import Counter, Gauge, Histogram

ITEMS = Counter(
    "daybook_segment_items_total", "Items of the feed that were taken into profiles", ["group"]
)
CHANGES = Counter(
    "daybook_segment_changes_total",
    "Changes of memberships published, by reason",
    ["group", "reason"],
)
CLOCK = Gauge(
    "daybook_segment_clock_timestamp_seconds",
    "The moment up to which this member has evaluated its shards",
    ["group"],
)
FEED_LAG = Gauge(
    "daybook_segment_feed_lag_messages",
    "Messages of the feed that are not in the profiles of this member's shards",
    ["group"],
)
ROUND_SECONDS = Histogram(
    "daybook_segment_round_seconds",
    "Duration of the evaluation of a round, without waiting for the sources and the feed",
    ["group"],
    buckets=(0.01, 0.05, 0.25, 1, 5, 25, 100),
)
