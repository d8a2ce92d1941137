"""Stand-ins for stores, held to the same contract as the real ones."""
