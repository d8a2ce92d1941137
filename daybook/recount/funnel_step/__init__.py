"""The rules of the group `sc-analytics-funnel-step` for what it computes of whole histories."""
