"""The sizes that `make soak` raises: kills, generated histories, seeds per fault."""

import os

SOAK = "DAYBOOK_SOAK" in os.environ

SEEDS = range(1, 6) if SOAK else range(1, 2)
EXAMPLES = 20_000 if SOAK else 1_000
KILLS = 200 if SOAK else 20
MESSAGES_A_KILL = 25_000 if SOAK else 5_000
RESTORES = 10 if SOAK else 2
TRACKED = 1_000_000 if SOAK else 100_000
