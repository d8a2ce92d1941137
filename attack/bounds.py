"""The bounds that must hold under every attack, each with where it comes from."""

from collections.abc import Mapping

from attack.attack import Judged

LATENCY_MS_MAX: Mapping[Judged, float] = {"tracking": 100.0, "reports": 250.0}
"""Of others' calls, under attack, at the p99 unless an attack names another percentile. Tracking:
the collector's goal (docs/security.md). Reports: one is computed in some 50 ms, and waits for a
few others."""

QUIET_FACTOR_MAX = 2.0
"""One organization's load slows others by at most half: to twice what they take in a quiet time.
This is the bound if it is larger, so that a machine that is busy with other work is not called
slow."""

RECOVERY_SECONDS_MAX = 20.0
"""How long after the end of an attack others may still wait for an answer."""

MEMORY_MIB_MAX = {"member": 700.0, "collector": 400.0, "query": 700.0, "exports": 500.0}
"""Of resident memory, by kind of process. A member holds a batch of 32 MiB of messages with what
they decode and fold to, and the duplicate windows of its partitions; a service the bodies, cached
keys and reports of 2,000 calls at most."""

FRESH_SECONDS_MAX = 5.0
"""How long a visitor's event may wait to be counted, whatever others of its partition send."""
