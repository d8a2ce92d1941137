"""Counts orders at each stage, from creation to delivery."""

from daybook.engine.group import Group
from models.order_funnel import OrderFunnelDay
from schemas import REVISION
from schemas.catalogue import source

GROUP = Group(
    name="sc-analytics-order-funnel",
    sources=(source("sc.domain.order"),),
    documents=(OrderFunnelDay,),
    schema_revision=REVISION,
)
