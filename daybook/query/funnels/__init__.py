"""Reports on a funnel and on its visitors."""
