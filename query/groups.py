"""Which consumer groups keep the numbers of a report: whose freshness it tells."""

USER_LIFECYCLE = ("sc-analytics-user-lifecycle",)
ORDER_FUNNEL = ("sc-analytics-order-funnel",)
REVENUE = ("sc-analytics-revenue",)
FUNNEL_STEP = ("sc-analytics-funnel-step",)
EXPORTS = ("sc-analytics-exports",)
