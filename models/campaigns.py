"""Campaigns that are pinned to a version of a segment, and the people who were members then."""

from daybook.engine.documents.rows import RowIndex, RowModel

Campaigns = RowModel(
    "campaigns",
    (),
    {
        "organization_id": ("string", "the organization"),
        "campaign_id": ("string", "the campaign"),
        "segment_id": ("string", "the segment that it is pinned to"),
        "version": ("int32", "the version of the segment"),
        "pinned_at": ("date", "when the pin was appended: the members are those of this moment"),
        "status": ("string", "pinning, pinned"),
        "members": ("int64", "the people who have a row"),
        "erased": ("int64", "those who were copied, and whose account was deleted since"),
        "shards": (
            "object",
            "by shard, {after, copied, done}: the last profile that was copied, and how many",
        ),
    },
)

CampaignMembers = RowModel(
    "campaign_members",
    (
        RowIndex(("organization_id", "campaign_id", "_id")),
        RowIndex(("organization_id", "person")),
    ),
    {
        "organization_id": ("string", "the organization"),
        "campaign_id": ("string", "the campaign"),
        "person": ("string", "`u:<user>` or `v:<visitor>`"),
        "since": ("int64", "when the membership began, ms since 1970"),
        "withdrawn_at": ("int64 or null", "when consent was withdrawn since, ms since 1970"),
    },
)
