"""What producers may say: one file a topic, each event a strict TypedDict.

Pydantic reads a message into these plain dictionaries; JSON Schemas come from the same source.
`REVISION` is raised whenever a message that was refused becomes readable, or the reverse: a group
is bound to it, so that no replay can judge a position differently.
"""

REVISION = 2
