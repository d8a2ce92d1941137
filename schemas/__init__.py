"""The events that producers may send: one file for each topic, each event a strict TypedDict.

Pydantic validates messages into these dictionaries, and JSON Schemas are generated from them.
`REVISION` is raised whenever a message that was refused becomes valid, or the reverse. A group is
bound to a revision, so that all members judge a position in the log alike.
"""

REVISION = 8
