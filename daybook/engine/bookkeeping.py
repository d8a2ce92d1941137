"""The names of the fleet's own collections, as opposed to those that hold its groups' documents."""

FLEET = "_daybook"
"""The fleet, its groups, checkpoints, partition boundaries and accepted gaps."""

DEAD_LETTERS = "_daybook_dead_letters"
"""The position of each dead letter, and whether it was replayed."""

MEMBERS = "_daybook_members"
"""The last heartbeat of each member."""

MEMBERS_EXPIRE_SECONDS = 24 * 3600
"""How long a heartbeat is kept; a stopped member's last one may be the newest of its group."""
