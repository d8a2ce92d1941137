"""Reports of a funnel and of those who went through it."""
