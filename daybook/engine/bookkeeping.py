"""The collections that are the fleet's own, beside the documents of its groups."""

FLEET = "_daybook"
"""The fleet itself, its groups, checkpoints, partition boundaries and accepted gaps."""

DEAD_LETTERS = "_daybook_dead_letters"
"""The position of each message that cannot be counted, and whether it was replayed."""

MEMBERS = "_daybook_members"
"""The last heartbeat of each member."""

MEMBERS_EXPIRE_SECONDS = 24 * 3600
"""How long a heartbeat is kept, since a stopped member's last one may be the newest."""
