"""The bounds that must hold under every attack, each with where it comes from."""

TRACKING_P99_MS_MAX = 100.0
"""Of tracking calls of others, under attack: the goal of the collector (docs/security.md)."""

REPORTS_FACTOR_MAX = 2.0
"""One organization's load slows another's reports by at most half: to twice their quiet time."""

REPORTS_P99_MS_MIN = 250.0
"""Below this a report is quick, however many times its quiet latency it took."""

RECOVERY_SECONDS_MAX = 20.0
"""How long after the end of an attack others may still wait for an answer."""

MEMORY_MIB_MAX = {"member": 700.0, "collector": 400.0, "query": 700.0, "exports": 500.0}
"""Of resident memory, by kind of process. A member holds a batch of 32 MiB of messages with what
they decode and fold to, and the duplicate windows of its partitions; a service the bodies, cached
keys and reports of 2,000 calls at most."""

FRESH_SECONDS_MAX = 5.0
"""How long a visitor's event may wait to be counted, whatever others of its partition send."""
