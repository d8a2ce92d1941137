"""The routes of campaigns that are pinned to a version of a segment."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from daybook.query.answer.cache import REALTIME
from daybook.query.answer.report import NamedOrganizationReport
from daybook.query.examples import with_schema
from daybook.query.figures.date_range import iso_timestamp
from daybook.query.read import groups
from daybook.query.segments.body import Campaign, CampaignMember, CampaignMembers
from daybook.query.segments.load import cut, load_campaign, load_campaign_members
from daybook.query.segments.routes import After, Limit, text_of
from schemas.fields import Id

router = APIRouter(prefix="/api/v1/analytics/organizations/{organization}", tags=["segments"])

CampaignId = Annotated[Id, Path(description="id of a campaign")]


@router.get("/campaigns/{campaign_id}", **with_schema("segments/campaign", Campaign))
async def campaign(report: NamedOrganizationReport, campaign_id: CampaignId) -> Response:
    """What a campaign is pinned to, and how many people it has."""

    async def build() -> dict[str, Any]:
        stored = await load_campaign(report.scope, campaign_id)
        return Campaign(
            campaign_id=campaign_id,
            segment_id=stored["segment_id"],
            version=stored["version"],
            pinned_at=iso_timestamp(stored["pinned_at"], report.zone),
            status=stored["status"],
            members=int(stored["members"]),
            erased=int(stored["erased"]),
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)


@router.get(
    "/campaigns/{campaign_id}/members", **with_schema("segments/campaign-members", CampaignMembers)
)
async def campaign_members(
    report: NamedOrganizationReport,
    campaign_id: CampaignId,
    after: After = None,
    limit: Limit = 100,
) -> Response:
    """The people of a campaign, whatever has become of the segment since."""

    async def build() -> dict[str, Any]:
        await load_campaign(report.scope, campaign_id)
        found = await load_campaign_members(report.scope, campaign_id, after, limit)
        page, behind = cut(found, limit)
        return CampaignMembers(
            campaign_id=campaign_id,
            members=[
                CampaignMember(
                    person=row["person"],
                    since=text_of(row["since"], report) or "",
                    withdrawn_at=text_of(row["withdrawn_at"], report),
                )
                for row in page
            ],
            after=behind,
        ).model_dump()

    return await report.answer(REALTIME, groups.SEGMENT, build)
