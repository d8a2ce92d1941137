"""Every metric, once: its name, its labels, what it tells. Base units, bounded labels."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES_RECEIVED = Counter(
    "daybook_messages_received_total", "Messages read from the log", ["group", "topic", "partition"]
)
MESSAGES_PROCESSED = Counter(
    "daybook_messages_processed_total",
    "Messages whose every effect is durable",
    ["group", "topic", "partition"],
)
MESSAGES_SKIPPED = Counter(
    "daybook_messages_skipped_total",
    "Messages without effect: ignored, tombstone, duplicate, replay_for_another_group",
    ["group", "topic", "reason"],
)
DEAD_LETTERS = Counter(
    "daybook_dead_letters_total", "Messages that cannot be counted", ["group", "topic", "reason"]
)
DEAD_LETTER_FAILURES = Counter(
    "daybook_dead_letter_failures_total", "Dead letters that could not be produced", ["group"]
)
DUPLICATES = Counter(
    "daybook_duplicates_total", "Events that the log holds twice", ["group", "topic"]
)
REFUSED_CHANGES = Counter(
    "daybook_refused_changes_total",
    "Changes a document refused because it holds them already, whole or in part",
    ["group"],
)
OFFSET_COMMITS = Counter(
    "daybook_offset_commits_total", "Commits to Kafka, by outcome", ["group", "status"]
)
REBALANCES = Counter(
    "daybook_rebalances_total", "Assignments given, revoked and lost", ["group", "kind"]
)
STORE_RETRIES = Counter(
    "daybook_store_retries_total", "Times a batch waited for a server to come back", ["group"]
)
BATCH_MESSAGES = Histogram(
    "daybook_batch_messages",
    "Messages folded together",
    ["group"],
    buckets=(1, 10, 100, 500, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000),
)
BATCH_SECONDS = Histogram("daybook_batch_seconds", "From fold to durable", ["group"])
STORE_WRITES = Counter(
    "daybook_store_writes_total",
    "Operations written to a store, by outcome: done, refused",
    ["store", "status"],
)
STORE_WRITE_SECONDS = Histogram("daybook_store_write_seconds", "One bulk write", ["store"])
FRESHNESS_SECONDS = Histogram(
    "daybook_freshness_seconds",
    "From the event's arrival in the log to its durable document, newest event of each batch",
    ["group"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)
ASSIGNED_PARTITIONS = Gauge("daybook_assigned_partitions", "Partitions this member has", ["group"])
BUFFERED_MESSAGES = Gauge("daybook_buffered_messages", "Messages read, not yet folded", ["group"])
PAUSED = Gauge("daybook_paused", "1 while waiting for a server", ["group"])
LAST_POLL = Gauge("daybook_last_poll_timestamp_seconds", "When the loop last polled", ["group"])
LAG_MESSAGES = Gauge(
    "daybook_lag_messages",
    "Messages between the last durable one and the log's end",
    ["group", "topic", "partition"],
)
LIVE_UP = Gauge("daybook_live_up", "1 while live numbers are written, 0 while not", ["group"])
LIVE_WRITES = Counter(
    "daybook_live_writes_total",
    "Keys written to Redis, by outcome: done, refused (it holds what is newer), failed",
    ["group", "status"],
)
LIVE_PUBLISHED = Counter(
    "daybook_live_published_total", "Channels that were sent their newest totals", ["group"]
)
LIVE_DROPPED = Counter(
    "daybook_live_dropped_total",
    "What found no room while Redis was away: documents (healed later), events (never shown)",
    ["group", "kind"],
)
LIVE_REFRESHED = Gauge(
    "daybook_live_refreshed_timestamp_seconds",
    "When this member last showed all of today's documents again",
    ["group"],
)
BUILD_INFO = Gauge("daybook_build_info", "1, with what runs", ["version", "python", "client"])
