"""The engine's Prometheus metrics, in base units and with bounded labels."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES_RECEIVED = Counter(
    "daybook_messages_received_total", "Messages read from the log", ["group", "topic", "partition"]
)
MESSAGES_PROCESSED = Counter(
    "daybook_messages_processed_total",
    "Messages whose effects are all durable",
    ["group", "topic", "partition"],
)
MESSAGES_SKIPPED = Counter(
    "daybook_messages_skipped_total",
    "Messages without an effect: ignored, tombstone, duplicate, replay_for_another_group",
    ["group", "topic", "reason"],
)
DEAD_LETTERS = Counter(
    "daybook_dead_letters_total", "Messages that cannot be counted", ["group", "topic", "reason"]
)
FAULTS = Counter(
    "daybook_faults_total",
    "Messages at which the group's own code raised an exception",
    ["group", "topic"],
)
DEAD_LETTER_FAILURES = Counter(
    "daybook_dead_letter_failures_total", "Dead letters that could not be produced", ["group"]
)
DUPLICATES = Counter(
    "daybook_duplicates_total", "Events that the log holds more than once", ["group", "topic"]
)
REFUSED_CHANGES = Counter(
    "daybook_refused_changes_total",
    "Changes refused because the document already holds them, in whole or in part",
    ["group"],
)
OFFSET_COMMITS = Counter(
    "daybook_offset_commits_total", "Offset commits to Kafka, by outcome", ["group", "status"]
)
DATABASE_WENT_BACK = Counter(
    "daybook_database_went_back_total",
    "Partitions whose checkpoint was found lower than it had been: the database was restored",
    ["group"],
)
REBALANCES = Counter(
    "daybook_rebalances_total", "Rebalances: assigned, revoked, lost", ["group", "kind"]
)
STORE_RETRIES = Counter(
    "daybook_store_retries_total", "Retries after a server did not answer", ["group"]
)
BATCH_MESSAGES = Histogram(
    "daybook_batch_messages",
    "Messages in a batch",
    ["group"],
    buckets=(1, 10, 100, 500, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000),
)
BATCH_SECONDS = Histogram("daybook_batch_seconds", "Time to make a batch durable", ["group"])
STORE_WRITES = Counter(
    "daybook_store_writes_total",
    "Operations written to a store, by outcome: done, refused",
    ["store", "status"],
)
STORE_WRITE_SECONDS = Histogram(
    "daybook_store_write_seconds", "Duration of one bulk write", ["store"]
)
FRESHNESS_SECONDS = Histogram(
    "daybook_freshness_seconds",
    "From an event's arrival in the log until its document is durable, newest event of each batch",
    ["group"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)
ASSIGNED_PARTITIONS = Gauge(
    "daybook_assigned_partitions", "Partitions assigned to this member", ["group"]
)
BUFFERED_MESSAGES = Gauge(
    "daybook_buffered_messages", "Messages read and not yet counted", ["group"]
)
PAUSED = Gauge("daybook_paused", "1 while waiting for a server", ["group"])
LAST_POLL = Gauge("daybook_last_poll_timestamp_seconds", "Time of the last poll", ["group"])
LAG_MESSAGES = Gauge(
    "daybook_lag_messages",
    "Messages from the first that is not durable to the end of the log",
    ["group", "topic", "partition"],
)
LIVE_UP = Gauge("daybook_live_up", "1 while live numbers are written to Redis, else 0", ["group"])
LIVE_WRITES = Counter(
    "daybook_live_writes_total",
    "Keys written to Redis, by outcome: done, refused (Redis holds newer data), failed",
    ["group", "status"],
)
LIVE_PUBLISHED = Counter(
    "daybook_live_published_total", "Messages to subscribers of live numbers", ["group"]
)
LIVE_DROPPED = Counter(
    "daybook_live_dropped_total",
    "Dropped from a full buffer while Redis was away: documents (written later), events (lost)",
    ["group", "kind"],
)
LIVE_REFRESHED = Gauge(
    "daybook_live_refreshed_timestamp_seconds",
    "When this member last wrote all of today's documents to Redis again",
    ["group"],
)
BUILD_INFO = Gauge(
    "daybook_build_info",
    "Always 1; the labels are the versions of Daybook, Python and librdkafka",
    ["version", "python", "client"],
)
