"""The oracle: every number a second time, by SQL over the raw log.

Shares no code with the groups, so that a mistake would have to be made twice to go unseen. The
rules of a group are in its SQL file; everything else here reads, compares and repairs.
"""
