"""Recounts every number a second time, with SQL over the raw messages of the log.

It shares no code with the groups: a mistake stays hidden only if it is made twice. The rules of a
group are in its SQL file; everything else here reads, compares and repairs.
"""
